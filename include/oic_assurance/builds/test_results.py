"""Store what dbt and PostgreSQL have enforced, in the table with the results of expectations."""

import re
from collections.abc import Sequence
from typing import Any

import psycopg

from oic_assurance.builds.dbt import TEST, Node

STAGE = "dbt"
NOT_RUN = "skipped"
# The quality dimension of each kind of test. A test can override it with `meta: {dimension: …}`.
DIMENSIONS = {
    "unique": "uniqueness",
    "not_null": "completeness",
    "relationships": "integrity",
    "accepted_values": "validity",
}
OTHER_DIMENSION = "consistency"
# What must be true, for the tests that have no description of their own.
_DESCRIPTIONS = {
    "unique": "No two rows have the same `{column_name}`.",
    "not_null": "Every row has a value in `{column_name}`.",
    "relationships": "Every `{column_name}` is one of those in {to}.",
    "accepted_values": "Every `{column_name}` is one of {values}.",
}
OWNER = "data engineering"


def store_test_results(
    warehouse: psycopg.Connection, build_id: int, suite: str, nodes: Sequence[Node]
) -> None:
    """Store the result of each dbt test that ran, and the verdict of the gate's stage `dbt`."""
    ran = (node for node in nodes if node.kind == TEST and node.status != NOT_RUN)
    store_evidence(warehouse, build_id, suite, [evidence_of(node) for node in ran])


def store_evidence(
    warehouse: psycopg.Connection, build_id: int, suite: str, evidence: Sequence[tuple[Any, ...]]
) -> None:
    """Store results of the gate's stage `dbt`, in the form of `evidence_of`, and its verdict.

    The suite says who enforced what the results are about, dbt or PostgreSQL, and on which marts.
    The verdict covers all results about the build's present candidate.
    """
    rows = [(build_id, suite, *one) for one in evidence]
    with warehouse.cursor() as cursor:
        cursor.executemany(
            """
            insert into audit.expectation_result (
                build_id, stage, suite, dataset, dimension, expectation, column_name,
                description, severity, owner, success, unexpected, exception
            )
            values (%s, 'dbt', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            rows,
        )
    _store_verdict(warehouse, build_id)


def _store_verdict(warehouse: psycopg.Connection, build_id: int) -> None:
    warehouse.execute(
        """
        insert into audit.gate (build_id, stage, verdict, suites, expectations, failed)
        select
            %(build_id)s, %(stage)s,
            case
                when bool_or(not success and severity = 'critical') then 'critical'
                when bool_or(not success and severity = 'warning') then 'warning'
                else 'passed'
            end,
            count(distinct suite), count(*), count(*) filter (where not success)
        from audit.latest_expectation_result as result
        inner join audit.build as build using (build_id)
        where build_id = %(build_id)s and stage = %(stage)s
            and result.checked_at >= coalesce(build.candidate_since, '-infinity')
        on conflict (build_id, stage) do update set
            verdict = excluded.verdict, suites = excluded.suites, failed = excluded.failed,
            expectations = excluded.expectations, finished_at = clock_timestamp()
        """,
        {"build_id": build_id, "stage": STAGE},
    )


def evidence_of(node: Node) -> tuple[Any, ...]:
    """Return the values to store for a test, in the column order of `store_evidence`.

    The values of `build_id`, `stage` and `suite` are not among them.
    """
    test = node.node
    meta = getattr(test.config, "meta", None) or {}
    return (
        _model(test),
        meta.get("dimension") or DIMENSIONS.get(_kind(test), OTHER_DIMENSION),
        node.name,
        getattr(test, "column_name", None),
        getattr(test, "description", "")
        or meta.get("description")
        or _described(test)
        or node.name,
        "warning" if str(test.config.severity).lower() == "warn" else "critical",
        meta.get("owner") or OWNER,
        node.succeeded,
        node.failures,
        node.message if node.status == "error" else None,
    )


def _kind(test: Any) -> str:
    metadata = getattr(test, "test_metadata", None)
    return str(metadata.name) if metadata else "singular"


def _described(test: Any) -> str:
    """Return what a test of one of dbt's own kinds says about its column, or a blank text."""
    if _kind(test) not in _DESCRIPTIONS:
        return ""
    given = test.test_metadata.kwargs
    told = {
        **given,
        # The name of the model in `ref('model')`.
        "to": re.sub(r"\W+", " ", str(given.get("to"))).split()[-1],
        "values": ", ".join(map(str, given.get("values") or ())),
    }
    return _DESCRIPTIONS[_kind(test)].format(**told)


def _model(test: Any) -> str | None:
    """Return the name of the model to which a test is attached.

    For a test that is attached to no model, return the first model of its query, or None.
    """
    attached = getattr(test, "attached_node", None)
    places = [attached] if attached else list(test.depends_on.nodes)
    return str(places[0]).rsplit(".", 1)[-1] if places else None
