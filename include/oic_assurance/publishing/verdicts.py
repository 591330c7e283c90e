"""Whether the gates let a build pass: each has run all that was due, and nothing is critical."""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from oic_assurance.publishing.errors import NotPublishableError

#: Every gate that a build passes, in their order.
GATES = ("landing", "dbt", "marts", "sealed")
#: The gates whose verdicts the sealed marts quote, and the one that looks at those.
QUOTED = ("landing", "marts")
SEALED = "sealed"
_NAMED_FAILURES = 3

_GATES = """
select stage, verdict, expectations, finished_at
from audit.gate
where build_id = %s
"""

_FAILURES = """
select coalesce(nullif(dataset, ''), suite) || ': '
    || coalesce(nullif(description, ''), expectation)
    || coalesce(' (' || unexpected || ' of ' || evaluated || ')', '')
from audit.latest_expectation_result
where build_id = %s and stage = %s and severity = 'critical' and not success
order by 1
"""

# What was found before the candidate was built anew is about tables that are gone.
_DUE = """
select concat_ws(': ', nullif(due.suite, ''), due.expectation), exists (
    select
    from audit.expectation_result as result
    where result.build_id = due.build_id
        and result.stage = due.stage
        and result.expectation = due.expectation
        and due.suite in (result.suite, '')
        and result.checked_at >= build.candidate_since
)
from audit.due_check as due
inner join audit.build as build using (build_id)
where build_id = %s and due.stage = %s
order by 1
"""


@dataclass(frozen=True)
class Gate:
    """What a gate has said about a build."""

    verdict: str
    expectations: int
    finished_at: datetime


def check_gates(conn: psycopg.Connection, build_id: int) -> str:
    """Return the verdict of all gates together, `passed` or `warning`; refuse anything else."""
    gates = {stage: Gate(*rest) for stage, *rest in conn.execute(_GATES, (build_id,)).fetchall()}
    for stage in GATES:
        if stage not in gates:
            raise NotPublishableError(
                f"the gate '{stage}' has not been passed: no verdict is stored"
            )
        failures = [row[0] for row in conn.execute(_FAILURES, (build_id, stage)).fetchall()]
        # The verdict and what it rests on are both asked: neither covers for the other.
        if failures or gates[stage].verdict == "critical":
            raise NotPublishableError(f"the gate '{stage}' is critical: {_listed(failures)}")
        _check_completeness(conn, build_id, stage, gates[stage].expectations)
    _check_order(conn, build_id, gates)
    return "warning" if any(gate.verdict == "warning" for gate in gates.values()) else "passed"


def _check_completeness(
    conn: psycopg.Connection, build_id: int, stage: str, expectations: int
) -> None:
    """Compare what a gate has checked with what was due before it began."""
    due = conn.execute(_DUE, (build_id, stage)).fetchall()
    if not due or expectations == 0:
        raise NotPublishableError(
            f"the gate '{stage}' has checked nothing: {len(due)} checks were due"
        )
    missing = [name for name, was_run in due if not was_run]
    if missing:
        raise NotPublishableError(
            f"the gate '{stage}' lacks {len(missing)} of {len(due)} checks: {_listed(missing)}"
        )
    # Earlier audits of the same build leave results too: the one that counts was a whole one.
    if expectations < len(due):
        raise NotPublishableError(
            f"the gate '{stage}' was last passed with {expectations} of {len(due)} checks"
        )


def _check_order(conn: psycopg.Connection, build_id: int, gates: dict[str, Gate]) -> None:
    """See that readers are told the verdicts that were given last, and that this was audited."""
    row = conn.execute(
        "select finished_at from audit.build where build_id = %s", (build_id,)
    ).fetchone()
    sealed_at = row[0] if row else None
    if sealed_at is None:
        raise NotPublishableError("the marts that quote the gates' verdicts were not sealed")
    for stage in QUOTED:
        if gates[stage].finished_at > sealed_at:
            raise NotPublishableError(
                f"the gate '{stage}' was passed again after the marts that quote it were sealed: "
                "clear `seal_marts` and what follows it"
            )
    if gates[SEALED].finished_at < sealed_at:
        raise NotPublishableError("the marts that quote the gates were sealed after their audit")


def _listed(failures: list[str]) -> str:
    if not failures:
        return "its results name no expectation"
    more = len(failures) - _NAMED_FAILURES
    shown = "; ".join(failures[:_NAMED_FAILURES])
    return f"{shown}; and {more} more" if more > 0 else shown
