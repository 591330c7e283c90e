"""Store what dbt and PostgreSQL have enforced, in the table with the results of expectations."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from oic_assurance.builds.dbt import TEST, Node
from oic_assurance.warehouse.rows import fetch_one

STAGE = "dbt"
#: For each check, the keys of at most this many failed rows are stored, because nobody could
#: correct more by hand. All failed rows are counted.
KEYS_KEPT = 1_000
NOT_RUN = "skipped"
# The quality dimension of each kind of test. A test can override it with `meta: {dimension: …}`.
DIMENSIONS = {
    "unique": "uniqueness",
    "not_null": "completeness",
    "relationships": "integrity",
    "accepted_values": "validity",
    "unique_together": "uniqueness",
}
OTHER_DIMENSION = "consistency"
# What must be true, for the tests that have no description of their own.
_DESCRIPTIONS = {
    "unique": "No two rows have the same `{column_name}`.",
    "not_null": "Every row has a value in `{column_name}`.",
    "relationships": "Every `{column_name}` is one of those in {to}.",
    "accepted_values": "Every `{column_name}` is one of {values}.",
    "unique_together": "No two rows have the same {columns}.",
}
OWNER = "data engineering"


def store_test_results(
    warehouse: psycopg.Connection, build_id: int, suite: str, nodes: Sequence[Node]
) -> None:
    """Store the result of each dbt test that ran, and the verdict of the gate's stage `dbt`."""
    ran = [node for node in nodes if node.kind == TEST and node.status != NOT_RUN]
    evidence = [evidence_of(node) for node in ran]
    store_evidence(warehouse, build_id, suite, evidence, [node.keys for node in ran])


def store_evidence(
    warehouse: psycopg.Connection,
    build_id: int,
    suite: str,
    evidence: Sequence[tuple[Any, ...]],
    keys: Sequence[Sequence[Mapping[str, Any]]] = (),
) -> None:
    """Store results of the gate's stage `dbt`, in the form of `evidence_of`, and its verdict.

    The suite says who enforced what the results are about, dbt or PostgreSQL, and on which marts.
    The verdict covers all results about the build's present candidate. `keys` are the keys of the
    rows that fail, for each result.
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
            returning result_id
            """,
            rows,
            returning=True,
        )
        if rows and any(keys):
            keep_failing_rows(cursor, keys)
    _store_verdict(warehouse, build_id)


def keep_failing_rows(cursor: psycopg.Cursor, keys: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    """Store the keys of the rows that fail, for each of the results.

    `cursor` has just inserted the results, and returns their IDs in the order of `keys`.
    """
    result_ids = [fetch_one(cursor)[0]] if keys else []
    while cursor.nextset():
        result_ids.append(fetch_one(cursor)[0])
    with cursor.copy("copy audit.failing_row (result_id, position, row_key) from stdin") as copy:
        for result_id, failing in zip(result_ids, keys, strict=True):
            for position, key in enumerate(failing, start=1):
                text = json.dumps(dict(key), default=str, ensure_ascii=False)
                copy.write_row((result_id, position, text))


def blocked_because(warehouse: psycopg.Connection, build_id: int) -> str:
    """Return which critical check failed for a build, and how many others did, in sentences.

    The text is blank if no critical check failed. It has no key of a record, because it is kept
    longer than the record may be.
    """
    found = warehouse.execute(
        "select words, count(*) over () from audit.blocking_check where build_id = %s "
        "order by place limit 1",
        (build_id,),
    ).fetchone()
    if found is None:
        return ""
    words, checks = found
    more = {1: "", 2: " One more check failed."}.get(checks, f" {checks - 1} more checks failed.")
    return f"{words}{more}"


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
        "columns": " and ".join(one for one in given.get("columns") or () if one != "force_code"),
    }
    return _DESCRIPTIONS[_kind(test)].format(**told)


def _model(test: Any) -> str | None:
    """Return the name of the model to which a test is attached.

    For a test that is attached to no model, return the first model of its query, or None.
    """
    attached = getattr(test, "attached_node", None)
    places = [attached] if attached else list(test.depends_on.nodes)
    return str(places[0]).rsplit(".", 1)[-1] if places else None
