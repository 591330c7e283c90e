"""Store the gate's results: each expectation, the keys of failed rows, and the stage's verdict."""

from collections.abc import Sequence

import psycopg

from oic_assurance.builds.record import Build
from oic_assurance.builds.test_results import keep_failing_rows
from oic_assurance.gates.table_fingerprints import Fingerprints
from oic_assurance.gates.verdict import Outcome, Verdict
from oic_assurance.warehouse.fingerprint import content_fingerprint

_INSERT_RESULT = """
insert into audit.expectation_result (
    build_id, stage, suite, dataset, dimension, expectation, column_name, description,
    severity, owner, success, evaluated, unexpected, observed, exception, tolerated, holds
) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
returning result_id
"""

_FORGET_FAILING_ROWS = """
delete from audit.failing_row as failing
using audit.expectation_result as result
where failing.result_id = result.result_id
    and result.checked_at < clock_timestamp() - interval '42 days'
"""

_SAVE_GATE = """
insert into audit.gate (
    build_id, stage, verdict, suites, expectations, failed, content_fingerprint, finished_at
) values (%s, %s, %s, %s, %s, %s, %s, clock_timestamp())
on conflict (build_id, stage) do update set
    verdict = excluded.verdict,
    suites = excluded.suites,
    expectations = excluded.expectations,
    failed = excluded.failed,
    content_fingerprint = excluded.content_fingerprint,
    finished_at = excluded.finished_at
"""

_SAVE_FINGERPRINT = """
insert into audit.table_fingerprint (build_id, schema_name, table_name, rows, fingerprint)
values (%s, %s, %s, %s, %s)
on conflict (build_id, schema_name, table_name) do update set
    rows = excluded.rows,
    fingerprint = excluded.fingerprint
"""


def save(
    connection: psycopg.Connection,
    build: Build,
    verdict: Verdict,
    outcomes: Sequence[Outcome],
    fingerprints: Fingerprints,
) -> None:
    """Store all results of a stage in one transaction."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            _INSERT_RESULT,
            [_result_row(build.build_id, verdict.stage, outcome) for outcome in outcomes],
            returning=True,
        )
        keep_failing_rows(cursor, [outcome.keys for outcome in outcomes])
        cursor.executemany(
            _SAVE_FINGERPRINT,
            [
                (build.build_id, schema, table, found.rows, found.fingerprint)
                for (schema, table), found in sorted(fingerprints.items())
            ],
        )
        cursor.execute(
            _SAVE_GATE,
            (
                build.build_id,
                verdict.stage,
                verdict.verdict,
                verdict.suites,
                verdict.expectations,
                len(verdict.failed),
                content_fingerprint(
                    {f"{schema}.{table}": found for (schema, table), found in fingerprints.items()}
                ),
            ),
        )


def forget_failing_rows(connection: psycopg.Connection) -> int:
    """Delete the keys of failed rows that are older than six weeks, and return how many."""
    return connection.execute(_FORGET_FAILING_ROWS).rowcount


def _result_row(build_id: int, stage: str, outcome: Outcome) -> tuple[object, ...]:
    suite, expectation = outcome.suite, outcome.expectation
    return (
        build_id,
        stage,
        suite.name,
        suite.dataset,
        expectation.dimension,
        expectation.name,
        expectation.column_name,
        expectation.description,
        expectation.severity,
        expectation.owner,
        outcome.success,
        outcome.evaluated,
        outcome.unexpected,
        outcome.observed,
        outcome.exception,
        expectation.arguments.get("tolerance") or None,
        expectation.holds,
    )
