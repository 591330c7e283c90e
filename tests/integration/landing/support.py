"""Helpers for tests of landing: drop files, write source tables, and read raw."""

import dataclasses
import io
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import xlsxwriter
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from oic_assurance.clock import start_of_day
from oic_assurance.landing.land import land_dataset
from oic_assurance.landing.report import LandingReport
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.warehouse.connections import admin_url, connect, warehouse_url
from simulator.source_systems import connect_owner, create_sources

PERSONNEL = (
    "employee_no,collar_no,employment_type,rank_grade,role_code,org_unit_code,"
    "start_date,leave_date,absence_status"
)
COMPLETIONS = "employee_no,course_code,module_code,module_version,status,completed_at,score"
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


CUSTODY = "rms/custody_record"
REPORTS = "intelligence/report"
START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)


class World:
    """A dropzone and an empty warehouse for one test, and the shared source databases."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.dropzone = folder / "dropzone"
        self.settings = dataclasses.replace(settings, dropzone=f"file://{self.dropzone}")
        self.dropzone.mkdir(parents=True)
        self.runs = 0
        self._sessions: dict[str, psycopg.Connection] = {}
        self.forget()
        shutil.rmtree(self.settings.home / "batches", ignore_errors=True)

    def forget(self) -> None:
        """Delete all landed data as the server's administrator. No other role may delete it."""
        with self.as_owner() as connection:
            tables = connection.execute(
                """
                select schemaname, tablename from pg_tables
                where schemaname like 'raw_%' or schemaname = 'identity' or tablename in (
                    'rejected_row', 'replayed_row', 'replay', 'batch', 'extraction',
                    'source_cursor', 'processing_log', 'erasure', 'erased_key', 'batch_erasure',
                    'erasure_finish', 'correction', 'emptied', 'not_taken', 'recall',
                    'recalled_record', 'replaced_value', 'retention_due', 'retention_decision',
                    'upkeep'
                )
                """
            ).fetchall()
            # This setting switches foreign keys off, so that the tables can be emptied in any
            # order.
            connection.execute("set session_replication_role = replica")
            for table in tables:
                connection.execute(SQL("delete from {}").format(Identifier(*table)))

    def as_owner(self) -> psycopg.Connection:
        """Return a session of the server's administrator, who may change append-only tables."""
        return psycopg.connect(admin_url(self.settings, self._database()))

    def _database(self) -> str:
        return str(conninfo_to_dict(warehouse_url(self.settings))["dbname"])

    # ------------------------------------------------------------ sources

    def drop(self, name: str, content: str | bytes, modified_at: datetime | None = None) -> Path:
        """Put a file into the dropzone, for example `hr/personnel/personnel_20260101.csv`.

        Returns the file's path.
        """
        path = self.dropzone / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        if modified_at is not None:
            os.utime(path, (modified_at.timestamp(), modified_at.timestamp()))
        return path

    def personnel(self, day: str, *rows: str) -> Path:
        """Put a personnel file into the dropzone.

        Each row is an employee number such as `000001`, or a whole line of the file.
        """
        lines = [row if "," in row else person(row) for row in rows]
        return self.drop(f"hr/personnel/personnel_{day}.csv", "\n".join([PERSONNEL, *lines]) + "\n")

    def completions(self, day: str, *rows: str) -> Path:
        """Put a file of e-learning completions with these lines into the dropzone."""
        name = f"lms/completions/completions_{day}.csv"
        return self.drop(name, "\n".join([COMPLETIONS, *rows]) + "\n")

    def empty_sources(self) -> None:
        """Create missing tables of the source databases, and empty all of them."""
        create_sources(self.settings)
        self.rms("truncate rms.occurrence, rms.nccu_referral, rms.custody_record")
        self.intelligence("truncate intel.report, intel.dissemination, intel.product")

    def rms(self, statement: str, *values: Any) -> None:
        """Run a statement in the database of the records management system."""
        self._change("rms", statement, values)

    def intelligence(self, statement: str, *values: Any) -> None:
        """Run a statement in the database of the intelligence system."""
        self._change("intelligence", statement, values)

    def _change(self, system: str, statement: str, values: tuple[Any, ...]) -> None:
        connection = self._owner(system)
        connection.execute(statement.encode(), values or None)
        # Without this statement, PostgreSQL adds the change to its change counts only some seconds
        # later.
        connection.execute("select pg_stat_force_next_flush()")

    def _warehouse(self) -> psycopg.Connection:
        if "warehouse" not in self._sessions:
            self._sessions["warehouse"] = connect(
                self.settings, role="oic_landing", autocommit=True
            )
        return self._sessions["warehouse"]

    def _owner(self, system: str) -> psycopg.Connection:
        if system not in self._sessions:
            self._sessions[system] = connect_owner(self.settings, system)
            self._sessions[system].autocommit = True
        return self._sessions[system]

    def close(self) -> None:
        """Close all database sessions of the world."""
        for connection in self._sessions.values():
            connection.close()

    # ------------------------------------------------------------ warehouse

    def land(self, name: str) -> LandingReport:
        """Land a dataset in a new run."""
        self.runs += 1
        return land_dataset(self.settings, name, f"run {self.runs}")

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a query in the warehouse as the role of landing. Return its rows."""
        return self._warehouse().execute(statement.encode(), values or None).fetchall()

    def execute(self, statement: str, *values: Any) -> None:
        """Run a statement in the warehouse as the role of landing."""
        self._warehouse().execute(statement.encode(), values or None)

    def one(self, statement: str, *values: Any) -> Any:
        """Run a query in the warehouse that returns one row with one value. Return the value."""
        [(value,)] = self.query(statement, *values)
        return value

    def state(
        self,
        name: str,
        columns: Sequence[str],
        at: datetime = FOREVER,
        known: int | None = None,
        table: str | None = None,
    ) -> dict[str, tuple[Any, ...]]:
        """Return the version of each existing record of a raw table as at the moment `at`.

        The result maps the key of each record to the values of `columns`. If `known` is given, only
        batches with numbers up to `known` are used. `table` is needed only if the dataset has
        several tables.
        """
        declared = dataset(name)
        which = next(t for t in declared.tables if table in (None, t.name))
        selected = SQL(", ").join(map(Identifier, columns)) if columns else SQL("true")
        statement = SQL(
            """
            select row_key, {columns}
            from (
                select distinct on (row_key) * from {raw}
                where version_at <= %s and batch_id <= %s
                order by row_key, version_at desc, batch_id desc, row_number desc
            ) as latest
            where not is_tombstone
            order by row_key
            """
        ).format(
            columns=selected,
            raw=Identifier(declared.raw_schema, which.name),
        )
        rows = self._warehouse().execute(statement, (at, known or 2**62)).fetchall()
        return {key: tuple(values) if columns else () for key, *values in rows}

    def batches(self, name: str) -> list[dict[str, Any]]:
        """Return the batches of a dataset in the order of landing."""
        with self._warehouse().cursor(row_factory=dict_row) as cursor:
            return cursor.execute(
                "select * from audit.batch where dataset = %s order by batch_id", (name,)
            ).fetchall()

    def reasons(self, name: str) -> list[tuple[int | None, str | None, list[str]]]:
        """Return the row number, the key and the reasons of each rejected row of a dataset."""
        return self.query(
            "select row_number, row_key, reasons from audit.rejected_row where dataset = %s"
            " order by rejected_id",
            name,
        )


def person(employee_no: str, unit: str = "T1", start: str = "2020-01-01") -> str:
    """Return a line of a personnel file."""
    return f"{employee_no},C{employee_no},OFFICER,PC,RESPONSE,{unit},{start},,"


def completion(employee_no: str, score: object = "", at: str = "2025-06-02 10:00") -> str:
    """Return a line of a file of e-learning completions."""
    return f"{employee_no},OIC-EL,OIC-EL-1,1,COMPLETED,{at},{score}"


def workbook(sheets: Mapping[str, Sequence[Any]], **options: Any) -> bytes:
    """Return an Excel workbook. Dates are written as Excel stores them.

    `sheets` maps the name of each sheet to its rows. Each row is a list of cells.
    """
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, **options})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, datetime):
                    sheet.write_datetime(number, place, value, moment)
                elif isinstance(value, date):
                    sheet.write_datetime(number, place, value, day)
                elif value is not None:
                    sheet.write(number, place, value)
    book.close()
    return stream.getvalue()


def london_midnight(text: str) -> datetime:
    """Return the start of a day such as 20260101 in London."""
    return start_of_day(datetime.strptime(text, "%Y%m%d").date())  # noqa: DTZ007


def at(minutes: float) -> datetime:
    """Return the moment that is `minutes` after `START`."""
    return START + timedelta(minutes=minutes)


def custody(key: int, updated: datetime, officer: str = "C1", **other: Any) -> dict[str, Any]:
    """Return a custody record."""
    return {
        "custody_id": key,
        "arresting_officer_no": officer,
        "detention_reason_code": "IMMIGRATION",
        "detained_at": START,
        "created_at": START,
        "updated_at": updated,
    } | other


def put(world: World, key: int, updated: datetime, officer: str = "C1", **other: Any) -> None:
    """Insert or replace a custody record."""
    values = custody(key, updated, officer, **other)
    world.rms("delete from rms.custody_record where custody_id = %s", key)
    world.rms(
        f"insert into rms.custody_record ({', '.join(values)})"
        f" values ({', '.join(['%s'] * len(values))})",
        *values.values(),
    )


def put_report(world: World, key: int, updated: datetime, **other: Any) -> None:
    """Insert or replace an intelligence report."""
    values = {
        "report_id": key,
        "report_urn": f"URN-{key}",
        "document_type_code": "NCCU_INTEL",
        "grading_scheme": "3x5x2",
        "source_evaluation": "1",
        "intelligence_assessment": "A",
        "handling_code": "P",
        "protective_marking": "OFFICIAL-SENSITIVE",
        "author_officer_no": "C1",
        "status": "SUBMITTED",
        "created_at": START,
        "updated_at": updated,
        "narrative": f"The heron lands at midnight {key}",
        "source_identity": f"Mallard {key}",
    } | other
    world.intelligence("delete from intel.report where report_id = %s", key)
    world.intelligence(
        f"insert into intel.report ({', '.join(values)})"
        f" values ({', '.join(['%s'] * len(values))})",
        *values.values(),
    )


def officers(world: World, moment: datetime | None = None) -> dict[str, str]:
    """Return the arresting officer of each custody record, from its version in raw at `moment`.

    Without a moment, the newest version is used.
    """
    state = world.state(CUSTODY, ("arresting_officer_no",), moment or FOREVER)
    return {key: officer for key, (officer,) in state.items()}


def put_many(world: World, first: int, last: int, updated: datetime = START) -> None:
    """Insert custody records with the keys from `first` to `last`."""
    world.rms(
        "insert into rms.custody_record (custody_id, arresting_officer_no, detention_reason_code,"
        " detained_at, created_at, updated_at)"
        " select n, 'C1', repeat('x', 50), %s, %s, %s from generate_series(%s::int, %s) as n",
        START, START, updated, first, last,
    )  # fmt: skip
