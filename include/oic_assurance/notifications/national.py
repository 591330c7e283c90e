"""Find out whether the national view was told what the readers of this force see."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from oic_assurance.notifications.notification import Problem
from oic_assurance.settings import Settings
from oic_assurance.warehouse.rows import find_record

#: A run exports minutes after its publication. After this time, nothing exports any more.
TOLD_WITHIN = timedelta(hours=1)
WHO = "data engineering"
COMMAND = ".venv/bin/assurance release national"

_TOLD = """
select publication.publication_id, publication.published_at, latest.outcome, latest.message,
    latest.publication_id as exported_id, coalesce(latest.ended_at, latest.started_at) as since
from marts.publication as publication
left join (
    select * from audit.national_export order by export_id desc limit 1
) as latest on true
where publication.is_current
"""


@dataclass(frozen=True)
class _Told:
    """The current publication, and the latest export, if there is one."""

    publication_id: int
    published_at: datetime
    outcome: str | None
    message: str | None
    exported_id: int | None
    since: datetime | None


def national_problems(
    warehouse: psycopg.Connection, settings: Settings, now: datetime, readers_see: str
) -> list[Problem]:
    """Return a problem if the national view does not have what readers of this force see.

    There is none if this force does not export. `warehouse` is a session with the role `oic_gate`.
    """
    if settings.kind != "force" or not settings.national_dropzone:
        return []
    told = find_record(warehouse, _Told, _TOLD.encode())
    found = None if told is None else _what(told, now)
    if found is None:
        return []
    what, since = found
    return [Problem("national", "national view", what, since, readers_see, WHO, COMMAND)]


def _what(told: _Told, now: datetime) -> tuple[str, datetime] | None:
    """Return what is wrong, and since when."""
    if told.outcome == "failed" and told.since is not None:
        return f"the export failed: {told.message}", told.since
    if told.outcome == "running" and told.since is not None and now - told.since > TOLD_WITHIN:
        return "the export was interrupted", told.since
    is_told = told.outcome is not None and told.exported_id == told.publication_id
    if not is_told and now - told.published_at > TOLD_WITHIN:
        return "the publication that readers see was not exported", told.published_at
    return None
