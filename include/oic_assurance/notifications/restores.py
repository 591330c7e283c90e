"""Find out whether a restore of the back-ups is proven, from the records in schema `audit`.

Nothing is a problem as long as nobody makes back-ups or drills with this project: a force may back
up its server in another way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from oic_assurance.notifications.notification import Problem
from oic_assurance.warehouse.rows import all_records

#: A drill is due each week. The rest of the time is for a drill that is late by a day.
PROOF_LASTS = timedelta(days=8)
SUBJECT = "back-up"
WHO = "data engineering"
COMMAND = ".venv/bin/assurance backup drill"

_LATEST = """
select first.known_at as first_known_at, drill.failure, drill.finished_at, proof.proven_at
from (
    -- Physical back-ups are not on record. Their drills are.
    select least(
        (select min(made_at) from audit.backup),
        (select min(finished_at) from audit.restore_drill)
    ) as known_at
) as first
left join lateral (
    select failure, finished_at from audit.restore_drill order by drill_id desc limit 1
) as drill on true
cross join (
    select max(finished_at) as proven_at from audit.restore_drill where is_proven
) as proof
where first.known_at is not null
"""


@dataclass(frozen=True)
class _Latest:
    first_known_at: datetime
    failure: str | None
    finished_at: datetime | None
    proven_at: datetime | None


def restore_problems(
    warehouse: psycopg.Connection, now: datetime, readers_see: str
) -> list[Problem]:
    """Return a problem if the last drill failed, or if no drill has proven a restore for a week.

    `warehouse` is a session with the role `oic_gate`.
    """
    return [
        Problem("restore", SUBJECT, what, since, readers_see, WHO, COMMAND)
        for latest in all_records(warehouse, _Latest, _LATEST)
        for what, since in _wrong(latest, now)
    ]


def _wrong(latest: _Latest, now: datetime) -> list[tuple[str, datetime]]:
    if latest.failure is not None and latest.finished_at is not None:
        return [
            (
                f"the last drill did not prove that it can be restored: {latest.failure}",
                latest.finished_at,
            )
        ]
    since = latest.proven_at or latest.first_known_at
    if now - since <= PROOF_LASTS:
        return []
    return [("no drill has proven for a week that it can be restored", since + PROOF_LASTS)]
