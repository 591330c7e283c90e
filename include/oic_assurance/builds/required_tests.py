"""Record what dbt and PostgreSQL must enforce, on tables made from which datasets.

The fingerprints of the tested tables are recorded here too.
"""

from collections.abc import Iterator, Sequence
from itertools import count

import psycopg

from oic_assurance.builds.constraints import load_constraints
from oic_assurance.builds.dbt import (
    MODEL,
    Node,
    names_of_tests,
    project_manifest,
    project_nodes,
)
from oic_assurance.builds.test_results import STAGE
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
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


def record_datasets(settings: Settings, target: str) -> None:
    """Record from which datasets the rows of each model are made, and how many models are between.

    A failed check names the datasets of its table. A model in SQL that reads no dataset has none.
    """
    manifest = project_manifest(settings, target)
    of_table = {
        (one.raw_schema, table.name): one.name
        for one in datasets().values()
        for table in one.tables
    }
    read = {
        source.unique_id: of_table.get((source.schema, source.identifier))
        for source in manifest.sources.values()
    }
    parents = {node.unique_id: node.depends_on_nodes for node in project_nodes(settings, target)}

    def distances(of: str) -> Iterator[tuple[str, int]]:
        """Yield each dataset behind a model, by its shortest way."""
        level, seen, found = {of}, {of}, set[str]()
        for distance in count():
            here = {dataset for one in level if (dataset := read.get(one))} - found
            yield from ((dataset, distance) for dataset in here)
            found |= here
            level = {parent for one in level for parent in parents.get(one, ())} - seen
            seen |= level
            if not level:
                return

    wanted = {
        (unique_id.rsplit(".", 1)[-1], *one)
        for unique_id in parents
        if unique_id.startswith("model.")
        for one in distances(unique_id)
    }
    with connect(settings, role=ROLE) as conn:
        query = "select model, dataset, distance from audit.model_dataset"
        if {(*row,) for row in conn.execute(query).fetchall()} == wanted:
            return
        conn.execute("delete from audit.model_dataset")
        with conn.cursor().copy("copy audit.model_dataset from stdin") as copy:
            for row in sorted(wanted):
                copy.write_row(row)


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
