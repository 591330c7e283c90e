"""Record which expectations the gate must check on a build, before it checks any of them."""

from expectations.catalogue import suites
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

ROLE = "oic_gate"


def record_required_checks(settings: Settings, build_id: int) -> None:
    """Record every expectation of every suite as required for a build.

    The build can only be published if each of these expectations has a result.
    """
    required = [
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
            required,
        )
