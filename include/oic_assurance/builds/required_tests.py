"""Record what dbt and PostgreSQL must enforce, and the fingerprints of the tested tables."""

from collections.abc import Sequence

import psycopg

from oic_assurance.builds.constraints import load_constraints
from oic_assurance.builds.dbt import MODEL, Node, names_of_tests
from oic_assurance.builds.test_results import STAGE
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.fingerprint import fingerprint_tables

ROLE = "oic_transform"


def record_required_tests(settings: Settings, build_id: int, target: str) -> None:
    """Record every data test and constraint of the dbt project as required for a build.

    This is done before anything is built, so that a build cannot be published without them.
    """
    constraints = [one.name for one in load_constraints(settings, target)]
    names = [*names_of_tests(settings, target), *constraints]
    required = [(build_id, STAGE, name) for name in names]
    with connect(settings, role=ROLE) as conn, conn.cursor() as cursor:
        cursor.executemany(
            """
            insert into audit.due_check (build_id, stage, suite, expectation)
            values (%s, %s, '', %s)
            on conflict do nothing
            """,
            required,
        )


def record_tested_tables(
    conn: psycopg.Connection, build_id: int, schemas: Sequence[str], nodes: Sequence[Node]
) -> None:
    """Record the fingerprints of the tables that were just built in `schemas` and tested."""
    for schema in schemas:
        built = [
            node.node.alias for node in nodes if node.kind == MODEL and node.node.schema == schema
        ]
        for name, found in fingerprint_tables(conn, schema, only=built).items():
            conn.execute(
                """
                insert into audit.tested_table (
                    build_id, schema_name, table_name, rows, fingerprint
                )
                values (%s, %s, %s, %s, %s)
                on conflict (build_id, schema_name, table_name) do update set
                    rows = excluded.rows, fingerprint = excluded.fingerprint,
                    tested_at = clock_timestamp()
                """,
                (build_id, schema, name, found.rows, found.fingerprint),
            )
