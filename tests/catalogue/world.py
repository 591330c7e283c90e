"""The healthy world into which defects are injected. It is restored before each defect.

The world is a simulated force with a publication on its first day. There are two saved states of
the second day. In `eve`, the deliveries of the second day have not been landed. In `built`, the
marts of the second day are built and sealed and have passed the gate. Both states are saved as
template databases, so for each defect only the stages after its damage must run.
"""

import dataclasses
import shutil
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import sql

from oic_assurance import pipeline
from oic_assurance.builds.dbt import PROJECT
from oic_assurance.builds.record import Build, load_build
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import PROJECT_ROOT, Settings, load_settings
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.cluster import OWNERS, SOURCES
from oic_assurance.warehouse.connections import admin_url
from simulator.delivery import drops
from simulator.force import simulate
from tests.catalogue.findings import Figures, Finding, figures, findings, refusals
from tests.databases import administrator

State = Literal["eve", "built"]
SEED = 11
#: The first day of the simulation, and the first and the second day of the world. The force thus
#: has four months of earlier records. On the second day, every dataset has a file.
FIRST, EVE, DAY = date(2026, 1, 1), date(2026, 5, 3), date(2026, 5, 4)
PUBLISHED_AT = datetime(2026, 5, 4, 4, 30, tzinfo=UTC)
AS_AT = datetime(2026, 5, 5, 4, 30, tzinfo=UTC)
RUN = "the second day"
#: The third day, before which damage is repaired.
DAY_AFTER = date(2026, 5, 5)
AS_AT_AFTER = datetime(2026, 5, 6, 4, 30, tzinfo=UTC)
RUN_AFTER = "the third day"


class World:
    """The healthy world, in a state folder of its own, with a running server.

    `figures` and `known` are the figures and the findings of the healthy second day.
    """

    def __init__(self, root: Path) -> None:
        home = root / "state"
        self._eve_files = root / "eve"
        self.project = root / "project"
        self.settings: Settings = dataclasses.replace(
            load_settings(),
            home=home,
            project_root=self.project,
            dropzone=f"file://{home}/dropzone",
            pg_port=None,
        )
        self.dropzone = home / "dropzone"
        self.figures: Figures = {}
        self.known: set[Finding] = set()

    def start(self) -> None:
        """Start the server. Make the world, unless an earlier start of the program has made it."""
        embedded.start(self.settings)
        self.copy_project()
        if "built_warehouse" not in self._databases():
            self._make()
        self.restore("built")
        with administrator(self.settings) as warehouse:
            self.figures = figures(warehouse)
            self.known = set(findings(warehouse, self.build().build_id))
            self.known |= set(refusals(warehouse, RUN))

    def stop(self) -> None:
        """Stop the server. The state folder is kept for the next start."""
        embedded.stop(self.settings)

    def restore(self, state: State) -> None:
        """Reset the warehouse to a saved state of the second day.

        For `eve`, the source databases and the files in the dropzone are reset too.
        """
        for database in ("warehouse", *SOURCES):
            if state == "eve" or database == "warehouse":
                self.copy_database(database, f"{state}_{database}")
        if state == "eve":
            shutil.rmtree(self.dropzone)
            shutil.copytree(self._eve_files, self.dropzone)

    def build(self) -> Build:
        """Return the build of the second day."""
        with administrator(self.settings) as warehouse:
            row = warehouse.execute(
                "select max(build_id) from audit.build where purpose = 'daily'"
            ).fetchone()
        return load_build(self.settings, row[0] if row else 0)

    def execute(self, database: str, statements: str) -> None:
        """Run SQL statements in a database as the server's administrator."""
        with psycopg.connect(admin_url(self.settings, database), autocommit=True) as admin:
            admin.execute(statements.encode())

    def land(self, run_id: str = RUN, as_at: datetime = AS_AT) -> None:
        """Land a day's deliveries, by default those of the second day."""
        for dataset in pipeline.open_run(self.settings, run_id, as_at):
            # As in the DAG, a dataset that cannot be extracted does not stop the others.
            with suppress(AssuranceError):
                pipeline.extract(self.settings, run_id, dataset)
        pipeline.close_landing(self.settings, run_id, as_at)

    def audit(self, run_id: str, build: Build) -> None:
        """Build all marts of a build, and run all of its checks."""
        pipeline.build_marts(self.settings, run_id, build.build_id)
        pipeline.audit(self.settings, run_id, build.build_id, "landing")
        pipeline.audit(self.settings, run_id, build.build_id, "marts")
        pipeline.seal_marts(self.settings, run_id, build.build_id)
        pipeline.audit(self.settings, run_id, build.build_id, "sealed")

    def _make(self) -> None:
        # The simulator makes no serious faults in deliveries after `TEETHING_UNTIL`. This date is
        # before all simulated days, so every serious fault comes from a defect of the catalogue.
        drops.TEETHING_UNTIL = date.min
        simulate(self.settings, SEED, FIRST, EVE)
        self._publish("the first day", PUBLISHED_AT)
        simulate(self.settings, SEED, FIRST, DAY)
        for database in ("warehouse", *SOURCES):
            self.copy_database(f"eve_{database}", database)
        shutil.copytree(self.dropzone, self._eve_files, dirs_exist_ok=True)
        self.land()
        self.audit(RUN, self.build())
        self.copy_database("built_warehouse", "warehouse")

    def _publish(self, run_id: str, as_at: datetime) -> None:
        for dataset in pipeline.open_run(self.settings, run_id, as_at):
            pipeline.extract(self.settings, run_id, dataset)
        build_id = pipeline.close_landing(self.settings, run_id, as_at)
        self.audit(run_id, load_build(self.settings, build_id))
        pipeline.publish(self.settings, run_id, build_id)
        pipeline.close_run(self.settings, run_id)

    def copy_project(self) -> None:
        """Replace the world's copy of the dbt project, which defects change, with a fresh copy."""
        target = self.project / PROJECT
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(PROJECT_ROOT / PROJECT, target, ignore=shutil.ignore_patterns("target"))

    def _databases(self) -> set[str]:
        with psycopg.connect(admin_url(self.settings)) as admin:
            return {name for (name,) in admin.execute("select datname from pg_database")}

    def copy_database(self, name: str, template: str) -> None:
        """Make a database anew as a copy of another one."""
        owner = OWNERS[name.rpartition("_")[2]]
        statements = (
            "drop database if exists {name} with (force)",
            # `file_copy` is faster than the default strategy, which writes every page to the WAL.
            "create database {name} template {template} owner {owner} strategy file_copy",
            # PostgreSQL does not copy the privileges on the database from the template.
            "update pg_database set datacl = template.datacl from pg_database as template "
            "where pg_database.datname = {text} and template.datname = {template_text}",
        )
        with psycopg.connect(admin_url(self.settings), autocommit=True) as admin:
            for text in statements:
                admin.execute(
                    sql.SQL(text).format(
                        name=sql.Identifier(name),
                        template=sql.Identifier(template),
                        owner=sql.Identifier(owner),
                        text=sql.Literal(name),
                        template_text=sql.Literal(template),
                    )
                )
