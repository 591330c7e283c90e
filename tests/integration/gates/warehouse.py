"""The warehouse of the small force, in a separate database that tests can damage."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from oic_assurance.builds.record import Build
from oic_assurance.gates.table_names import Places
from oic_assurance.gates.verdict import Outcome
from oic_assurance.settings import Settings, load_settings
from oic_assurance.state.apply import apply_state
from oic_assurance.warehouse.connections import admin_url
from oic_assurance.warehouse.migrate import migrate
from tests.databases import temporary_warehouse
from tests.integration.gates.damage import tables_in
from tests.integration.gates.world import make_world

DATABASE = "warehouse_gates"
SCHEMAS = ("raw_general", "raw_law_enforcement", "intermediate", "candidate", "candidate_public")


class World:
    """The warehouse of the small force, whose rows are restored after a test has damaged it."""

    def __init__(self, settings: Settings, build: Build) -> None:
        self.settings = settings
        self.build = build
        self.places = Places(build)
        self.admin = psycopg.connect(admin_url(settings, DATABASE), autocommit=True)
        # Commits are faster if they do not wait for the disk, and these tests need not survive a
        # crash.
        self.admin.execute("set synchronous_commit = off")
        self.admin.execute("create schema saved")
        rows = self.admin.execute(
            "select schemaname, tablename from pg_tables where schemaname = any(%s)",
            (list(SCHEMAS),),
        ).fetchall()
        self.tables = [f"{schema}.{table}" for schema, table in rows] + ["audit.batch"]
        for table in self.tables:
            self._run(f"create table {saved(table)} as table {table}")
            if table.startswith("raw_"):
                self._run(f"drop index {table}_version")

    def _run(self, statement: str) -> None:
        self.admin.execute(statement.encode())

    @contextmanager
    def damaged(self, damage: str, undo: str = "") -> Iterator[None]:
        """Run the SQL `damage`. At the end of the block, run `undo` and restore the rows."""
        self._run(damage)
        try:
            yield
        finally:
            self._run(undo)
            self.restore(tables_in(damage))

    def restore(self, tables: list[str]) -> None:
        """Restore the original rows of tables."""
        for table in tables:
            if table in self.tables:
                self._run(f"delete from {table}")
                self._run(f"insert into {table} table {saved(table)}")

    def close(self) -> None:
        self.admin.close()


def saved(table: str) -> str:
    """Return the name of the table with the original rows of a table."""
    return f"saved.{table.replace('.', '__')}"


@contextmanager
def small_force() -> Iterator[World]:
    """Yield the warehouse of the small force. Drop it at the end of the block."""
    settings = load_settings()
    with temporary_warehouse(DATABASE):
        migrate(settings)
        apply_state(settings)
        made = World(settings, make_world(settings))
        yield made
        made.close()


def failures(outcomes: list[Outcome]) -> list[tuple[str, str, str, str | None]]:
    """Return the severity, suite, name and exception of each failed expectation."""
    return [
        (o.expectation.severity, o.suite.name, o.expectation.name, o.exception)
        for o in outcomes
        if not o.success
    ]
