"""What the gates have to check of a build, put on record before they do."""

from expectations.catalogue import suites
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

ROLE = "oic_gate"


def enter_due(settings: Settings, build_id: int) -> None:
    """Enter every expectation of every suite as due; publication asks for the outcome of each."""
    due = [
        (build_id, suite.stage, suite.name, expectation.name)
        for suite in suites()
        for expectation in suite.expectations
    ]
    with connect(settings, role=ROLE) as conn, conn.cursor() as cursor:
        cursor.executemany(
            """
            insert into audit.due_check (build_id, stage, suite, expectation)
            values (%s, %s, %s, %s)
            on conflict do nothing
            """,
            due,
        )
