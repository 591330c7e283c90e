"""Record which expectations the gate must check on a build, before it checks any of them."""

from collections.abc import Iterable

import psycopg

from expectations.catalogue import suites
from expectations.vocabulary import Suite
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets, delivered
from oic_assurance.warehouse.connections import connect

ROLE = "oic_gate"


def record_required_checks(settings: Settings, build_id: int) -> None:
    """Record every expectation of every suite as required for a build.

    The build can only be published if each of these expectations has a result. The landed tables of
    an optional dataset that the force does not deliver are not checked.
    """
    with connect(settings, role=ROLE) as conn, conn.cursor() as cursor:
        required = [
            (build_id, suite.stage, suite.name, expectation.name)
            for suite in expected_suites(conn, build_id, suites())
            for expectation in suite.expectations
        ]
        cursor.executemany(
            """
            insert into audit.due_check (build_id, stage, suite, expectation)
            values (%s, %s, %s, %s)
            on conflict do nothing
            """,
            required,
        )


def expected_suites(
    connection: psycopg.Connection, build_id: int, chosen: Iterable[Suite]
) -> tuple[Suite, ...]:
    """Return those of the suites in `chosen` that apply to a build.

    The suite of a landed table does not apply if the force does without its dataset, or if three
    things are true: its dataset is optional,
    the build's run found no folder for the dataset, and the dataset was never delivered.
    """
    rows = connection.execute(
        """
        select attempt.dataset
        from audit.extraction as attempt
        inner join audit.build as build on attempt.run_id = build.run_id
        where build.build_id = %s
        group by attempt.dataset
        having not bool_or(attempt.is_expected)
        """,
        (build_id,),
    ).fetchall()
    absent = {dataset for (dataset,) in rows} | (datasets().keys() - delivered().keys())
    return tuple(one for one in chosen if one.stage != "landing" or one.dataset not in absent)
