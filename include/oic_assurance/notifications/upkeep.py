"""Find out what is wrong with the upkeep, and which records wait for a decision.

Nothing is wrong with a part of the upkeep that has never run: a force may keep house in another
way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from oic_assurance.clock import LONDON
from oic_assurance.notifications.notification import Problem
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse.rows import all_records

#: The upkeep runs every night. The rest of the time is for nights on which a run was under way.
DONE_WITHIN = timedelta(days=3)
WHO = "data engineering"

_PARTS = """
select latest.part, latest.outcome, latest.message, latest.ended_at,
    coalesce(
        (
            select max(good.ended_at) from audit.upkeep as good
            where good.part = latest.part and good.outcome = 'done'
        ),
        (select min(first.started_at) from audit.upkeep as first where first.part = latest.part)
    ) as done_at
from (
    select distinct on (part) * from audit.upkeep order by part, upkeep_id desc
) as latest
order by latest.part
"""
_WAITING = """
select dataset, sum(undecided)::bigint as undecided, sum(unconfirmed)::bigint as unconfirmed,
    least(min(undecided_since), min(unconfirmed_since)) as since
from audit.retention_summary
where force_code = %(force_code)s
group by dataset
having sum(undecided + unconfirmed) > 0
order by dataset
"""


@dataclass(frozen=True)
class _Part:
    part: str
    outcome: str
    message: str | None
    ended_at: datetime | None
    done_at: datetime


@dataclass(frozen=True)
class _Waiting:
    dataset: str
    undecided: int
    unconfirmed: int
    since: datetime


def upkeep_problems(
    warehouse: psycopg.Connection, now: datetime, readers_see: str
) -> list[Problem]:
    """Return a problem for each part of the upkeep that failed, or that was not done for days.

    `warehouse` is a session with the role `oic_gate`.
    """
    problems = []
    for one in all_records(warehouse, _Part, _PARTS):
        what, since = None, one.done_at
        if one.outcome == "failed" and one.ended_at is not None:
            what, since = f"it failed: {one.message}", one.ended_at
        elif now - one.done_at > DONE_WITHIN:
            what, since = "it was not done for days", one.done_at + DONE_WITHIN
        if what is not None:
            command = f".venv/bin/assurance upkeep run {one.part}"
            problems.append(Problem("upkeep", one.part, what, since, readers_see, WHO, command))
    return problems


def retention_problems(
    warehouse: psycopg.Connection, settings: Settings, readers_see: str
) -> list[Problem]:
    """Return a problem for each dataset with records that wait for a decision. It names no record.

    `warehouse` is a session with the role `oic_gate`.
    """
    values = {"force_code": settings.force_code}
    return [
        Problem(
            "retention",
            one.dataset,
            _what(one),
            one.since,
            readers_see,
            datasets()[one.dataset].owner if one.dataset in datasets() else WHO,
            f".venv/bin/assurance upkeep due {one.dataset}",
        )
        for one in all_records(warehouse, _Waiting, _WAITING, values)
    ]


def _what(one: _Waiting) -> str:
    """Return what waits, with numbers that do not lead to another notification when they change."""
    parts = []
    if one.undecided:
        parts.append(f"records past their retention that nobody has decided about: {one.undecided}")
    if one.unconfirmed:
        parts.append(
            f"records with a decision that a second person must confirm: {one.unconfirmed}"
        )
    oldest = one.since.astimezone(LONDON)
    return f"{'; '.join(parts)}; the oldest has waited since {oldest:%d/%m/%Y}"
