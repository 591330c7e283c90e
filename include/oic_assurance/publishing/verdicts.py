"""Decide from the verdicts of the gate's stages whether a build may be published.

Each stage of the gate must have run every required check, and no critical check may have failed.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from oic_assurance.builds.record import find_build
from oic_assurance.publishing.errors import NotPublishableError

#: Every stage of the gate, in the order in which a build passes them.
GATES = ("landing", "dbt", "marts", "sealed")
#: The gate stages whose verdicts the sealed marts show.
SHOWN = ("landing", "marts")
#: The gate stage that checks the sealed marts.
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


@dataclass(frozen=True)
class Gate:
    """The verdict of one gate stage on a build."""

    verdict: str
    expectations: int
    finished_at: datetime


def check_gates(conn: psycopg.Connection, build_id: int) -> str:
    """Return the combined verdict of all gate stages: `passed` or `warning`.

    Raises:
        NotPublishableError: A stage's verdict is critical or missing, a required check has no
            result, a stage was checked again after the sealed marts that show its verdict were
            built, or the sealed marts were not built, or were built again after their audit.
    """
    gates = {stage: Gate(*rest) for stage, *rest in conn.execute(_GATES, (build_id,)).fetchall()}
    for stage in GATES:
        if stage not in gates:
            raise NotPublishableError(
                f"the gate '{stage}' has not been passed: no verdict is stored"
            )
        failures = [row[0] for row in conn.execute(_FAILURES, (build_id, stage)).fetchall()]
        # Both the verdict and the results are checked, so that a wrong verdict cannot hide a failed
        # check, and missing results cannot hide a critical verdict.
        if failures or gates[stage].verdict == "critical":
            raise NotPublishableError(f"the gate '{stage}' is critical: {_listed(failures)}")
        _check_completeness(conn, build_id, stage, gates[stage].expectations)
    _check_order(conn, build_id, gates)
    return "warning" if any(gate.verdict == "warning" for gate in gates.values()) else "passed"


def _check_completeness(
    conn: psycopg.Connection, build_id: int, stage: str, expectations: int
) -> None:
    """Check that a gate stage has a result for every required check.

    Raises:
        NotPublishableError: No check was required or run, or a required check has no result.
    """
    required = conn.execute(
        """
        select check_name, was_run
        from audit.required_check
        where build_id = %s and stage = %s
        order by check_name
        """,
        (build_id, stage),
    ).fetchall()
    if not required or expectations == 0:
        raise NotPublishableError(
            f"the gate '{stage}' has checked nothing: {len(required)} checks are required"
        )
    missing = [name for name, was_run in required if not was_run]
    if missing:
        raise NotPublishableError(
            f"the gate '{stage}' lacks {len(missing)} of {len(required)} checks: {_listed(missing)}"
        )
    # The results may come from several audits of the same build, but the last audit must by itself
    # have run every required check.
    if expectations < len(required):
        raise NotPublishableError(
            f"the gate '{stage}' was last passed with {expectations} of {len(required)} checks"
        )


def _check_order(conn: psycopg.Connection, build_id: int, gates: dict[str, Gate]) -> None:
    """Check that the sealed marts were built after the verdicts that they show, then audited."""
    build = find_build(conn, build_id)
    sealed_at = build.finished_at if build else None
    if sealed_at is None:
        raise NotPublishableError("the marts that show the gates' verdicts were not sealed")
    for stage in SHOWN:
        if gates[stage].finished_at > sealed_at:
            raise NotPublishableError(
                f"the gate '{stage}' was passed again after the marts that show it were sealed: "
                "clear `seal_marts` and what follows it"
            )
    if gates[SEALED].finished_at < sealed_at:
        raise NotPublishableError("the marts that show the gates were sealed after their audit")


def _listed(failures: list[str]) -> str:
    if not failures:
        return "its results name no expectation"
    more = len(failures) - _NAMED_FAILURES
    shown = "; ".join(failures[:_NAMED_FAILURES])
    return f"{shown}; and {more} more" if more > 0 else shown
