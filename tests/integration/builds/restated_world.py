"""A force of nine officers whose records and rules change between publications.

The tests run its publications in their own process, without Airflow.
"""

import contextlib
import copy
import dataclasses
import os
import shutil
import socket
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from oic_assurance import pipeline
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.connections import url
from simulator.source_systems import create_sources
from tests.conftest import PROJECT_ROOT, TEST_HOME
from tests.databases import administrator
from tests.oracle.clock import midnight, wall
from tests.oracle.examples import custody, document, occurrence, person, referral, unit
from tests.oracle.fill import fill, write_file
from tests.oracle.model import KEYS, Delivery, Row, Step
from tests.policy_rows import put_rows

UNITS = [unit("F", None), unit("D1", "F"), unit("T1", "D1"), unit("T2", "D1")]
STAFF = [
    *(person(f"00000{n}", f"{n}{n}", org_unit_code="T1" if n < 5 else "T2") for n in range(1, 8)),
    *(person(f"00000{n}", f"{n}{n}", role_code="INTELLIGENCE") for n in (8, 9)),
]
#: For each table, values of columns that the source contract requires but no figure depends on.
ALSO = {
    "rms.occurrence": {"incident_type_code": "OIC"},
    "intel.report": {"protective_marking": "OFFICIAL"},
}
MODULES = [f"OIC-EL-{n}" for n in range(1, 5)]
#: The moment between two publications at which one record of each kind is changed.
CHANGED_AT = "2026-04-10T12:00"


def dated(dataset: str, name: str, day: str, sheets: dict[str, list[Row]]) -> Delivery:
    moment = midnight(date.fromisoformat(day))
    suffix = "xlsx" if dataset == "hydra/attendance" else "csv"
    file = f"{name}_{day.replace('-', '')}.{suffix}"
    return Delivery(dataset, file, sheets, moment, moment)


def personnel(day: str, staff: list[Row]) -> Delivery:
    return dated("hr/personnel", "personnel", day, {"": staff})


def completions(day: str, rows: list[Row]) -> Delivery:
    return dated("lms/completions", "completions", day, {"": rows})


def completed(employee: str, module: str, moment: str) -> Row:
    return {
        "employee_no": employee,
        "course_code": "OIC",
        "module_code": module,
        "module_version": "1",
        "status": "COMPLETED",
        "completed_at": wall(moment),
        "score": None,
    }


def attendance(day: str, outcome: str | None) -> Delivery:
    sessions: list[Row] = [
        {"session_code": "S1", "session_date": date(2025, 10, 7), "venue": "HQ", "capacity": 7}
    ]
    attended: list[Row] = [
        {"session_code": "S1", "employee_no": "000008", "attended": "Y", "outcome": "PASS"},
        {"session_code": "S1", "employee_no": "000009", "attended": "Y", "outcome": outcome},
    ]
    sheets = {"Sessions": sessions, "Attendance": attended}
    return dated("hydra/attendance", "hydra", day, sheets)


def register(moment: str, evidence: str | None) -> Delivery:
    plans = [
        {
            "plan_ref": f"P-{strand}",
            "strand": strand,
            "title": "A plan",
            "owner_role": "Superintendent",
            "version": "1",
            "approved_date": date(2025, 6, 1),
            "review_due_date": date(2027, 6, 1),
            "evidence_ref": evidence if strand == "SHARE" else "E1",
        }
        for strand in ("COLLECT", "ANALYSE", "SHARE")
    ]
    sheets: dict[str, list[Row]] = {"Plans": plans, "Milestones": []}
    return Delivery("governance/plans", "plan_register.xlsx", sheets, wall(moment), wall(moment))


def first_step() -> Step:
    """Return the records of the first publication. Tests later change one record in each month."""
    referrals = [
        # December: one of the two referrals will be deleted.
        referral("R-DEC-1", "11", "2025-12-03T12:00", occurrence_ref="O-DEC-1"),
        referral("R-DEC-2", "11", "2025-12-04T12:00", occurrence_ref="O-DEC-2"),
        # January: another referral will arrive late.
        referral("R-JAN-1", "11", "2026-01-05T12:00", occurrence_ref="O-JAN-1"),
        # February: the document of the referral will arrive late.
        referral("R-FEB-1", "22", "2026-02-05T12:00", occurrence_ref="O-FEB-1"),
        # March: the type of the second referral will be corrected.
        referral("R-MAR-1", "22", "2026-03-03T12:00", occurrence_ref="O-MAR-1"),
        referral(
            "R-MAR-2", "55", "2026-03-04T12:00", occurrence_ref="O-MAR-2",
            referral_type="STATUS_CHECK",
        ),
    ]  # fmt: skip
    documents = [
        document("U-DEC-1", "11", "2025-12-03T14:00", occurrence_ref="O-DEC-1"),
        document("U-JAN-1", "11", "2026-01-06T20:00", occurrence_ref="O-JAN-1"),
        document("U-MAR-1", "22", "2026-03-03T15:00", occurrence_ref="O-MAR-1"),
    ]
    detained = [
        custody("O-JAN-1", "11", "2026-01-05T10:00"),
        custody("O-CUS-1", "55", "2026-01-15T10:00"),
    ]
    names = ("O-DEC-1", "O-DEC-2", "O-JAN-1", "O-FEB-1", "O-MAR-1", "O-MAR-2", "O-CUS-1")
    tables: dict[str, list[Row]] = {name: [] for name in KEYS}
    for name, rows in {
        "rms.nccu_referral": referrals,
        "intel.report": documents,
        "rms.custody_record": detained,
        "rms.occurrence": [occurrence(name) for name in names],
    }.items():
        tables[name] = [
            {KEYS[name]: n, **row, **ALSO.get(name, {})} for n, row in enumerate(rows, 1)
        ]
    done = [
        completed(row["employee_no"], module, "2025-10-01T12:00")
        for row in STAFF
        for module in MODULES
        # The first officer lacks one module. The second officer has completed no module.
        if row["employee_no"] != "000002" and (row["employee_no"], module) != ("000001", "OIC-EL-4")
    ]
    files = [
        dated("hr/org_unit", "org_unit", "2025-12-01", {"": UNITS}),
        *(personnel(day, STAFF) for day in ("2025-12-01", "2026-02-01", "2026-03-01")),
        completions("2025-12-02", done),
        attendance("2025-12-03", None),
        register("2025-12-04T12:00", None),
    ]
    return Step(tables, files)


Figures = dict[tuple[str, str, str], Row]


@dataclass
class RestatedWorld:
    """A small police force for a test: its sources, its warehouse and its publications.

    `step` has the records that the sources should contain. A test changes these records, calls
    `fill` to write them into the sources, and then calls `publish`.
    """

    settings: Settings
    step: Step
    run_number: int = 0

    def fill(self, *files: Delivery) -> None:
        """Write the records and new files of `step`, and the given files, into the sources."""
        dropzone = Path(self.settings.dropzone.removeprefix("file://"))
        tables = {name: rows for name, rows in self.step.tables.items() if rows}
        step = Step(tables, [*self.step.files, *files])
        fill(step, url(self.settings, "rms"), url(self.settings, "intelligence"), dropzone)
        self.step.files = []

    def drop(self, delivery: Delivery) -> None:
        """Put one file into the dropzone."""
        dropzone = Path(self.settings.dropzone.removeprefix("file://"))
        write_file(delivery, dropzone / delivery.dataset / delivery.name)

    def row(self, table: str, **key: Any) -> Row:
        """Return the row of a source table with a given key. A test may change this row."""
        ((name, value),) = key.items()
        return next(row for row in self.step.tables[table] if row[name] == value)

    def add(self, table: str, row: Row, moment: str) -> None:
        """Add a record that is inserted at `moment`. The event that it records may be older."""
        rows = self.step.tables[table]
        key = {KEYS[table]: 1 + max(other[KEYS[table]] for other in rows)}
        now = {"created_at": wall(moment), "updated_at": wall(moment)}
        rows.append({**key, **row, **ALSO.get(table, {}), **now})

    def land(self, as_at: str, settings: Settings | None = None) -> tuple[str, int]:
        """Run the stages that land the deliveries. Return the numbers of the run and its build."""
        here = settings or self.settings
        self.run_number += 1
        run_id = f"restated {self.run_number}"
        moment = wall(as_at)
        for dataset in pipeline.open_run(here, run_id, moment):
            pipeline.extract(here, run_id, dataset)
        return run_id, pipeline.close_landing(here, run_id, moment)

    def publish(self, as_at: str, settings: Settings | None = None) -> int:
        """Run every stage like the scheduler's tasks. Return the number of the publication."""
        here = settings or self.settings
        run_id, build_id = self.land(as_at, here)
        pipeline.build_marts(here, run_id, build_id)
        pipeline.audit(here, run_id, build_id, "landing")
        pipeline.audit(here, run_id, build_id, "marts")
        pipeline.seal_marts(here, run_id, build_id)
        pipeline.audit(here, run_id, build_id, "sealed")
        pipeline.publish(here, run_id, build_id)
        pipeline.tidy(here)
        return build_id

    def ask(self, query: str, *values: object) -> list[Row]:
        """Return the rows of a query, run with the login of the warehouse's owner."""
        with administrator(self.settings) as connection:
            cursor = connection.cursor(row_factory=dict_row)
            return cursor.execute(query.encode(), values).fetchall()

    def figures(self, publication_id: int) -> Figures:
        """Return every figure of a publication, keyed by measure, month and unit."""
        query = sql.SQL("select * from generation.{}").format(
            sql.Identifier(f"assurance_measure__{publication_id}")
        )
        with administrator(self.settings) as connection:
            rows = connection.cursor(row_factory=dict_row).execute(query).fetchall()
        return {_key(row): row for row in rows}

    def restated(self, publication_id: int) -> dict[tuple[str, str, str], list[Row]]:
        """Return a publication's rows in `restatement`, keyed by measure, month and unit.

        Each row is one cause of a restated figure. The rows of each figure are in the order of the
        column `step`.
        """
        query = sql.SQL("select * from generation.{} order by step").format(
            sql.Identifier(f"restatement__{publication_id}")
        )
        found = defaultdict(list)
        with administrator(self.settings) as connection:
            for row in connection.cursor(row_factory=dict_row).execute(query):
                found[_key(row)].append(row)
        return dict(found)

    def causes(self, publication_id: int, measure: str, month: str, unit_code: str = "ALL") -> Any:
        """Return the causes of one restated figure, in order.

        Each is a tuple: the cause, the number of records, the change of the numerator, and the
        change of the denominator. The list is empty if the figure is not restated.
        """
        return [
            (row["cause"], row["record_count"], row["numerator_change"], row["denominator_change"])
            for row in self.restated(publication_id).get((measure, month, unit_code), [])
        ]

    def check_sums(self, old: Figures, after: int, over_before: str) -> int:
        """Check the restatements of a publication, and return the number of restated figures.

        `old` has the figures of the compared publication. The months before `over_before` had
        ended by then. The restated figures must be exactly the changed figures of these months. The
        changes by a figure's causes must lead without a gap from its old to its new value.
        """
        new = self.figures(after)
        restated = self.restated(after)
        changed = {
            key
            for key in old.keys() | new.keys()
            if key[1] < over_before and _value(old.get(key)) != _value(new.get(key))
        }
        assert set(restated) == changed
        for key, rows in restated.items():
            was, now = _value(old.get(key)), _value(new.get(key))
            assert {(row["value_before"], row["value_after"]) for row in rows} == {(was, now)}, key
            ends = [was, *(row["value_to"] for row in rows)]
            assert [row["value_from"] for row in rows] == ends[:-1], key
            assert ends[-1] == now, key
            total = sum((row["value_change"] for row in rows), Decimal(0))
            assert total == _decimal(now) - _decimal(was), key
            for column in ("numerator", "denominator"):
                if rows[0]["numerator_change"] is None and column == "numerator":
                    continue
                adds = sum(row[f"{column}_change"] for row in rows)
                assert adds == _count(new.get(key), column) - _count(old.get(key), column), key
            assert all(row["record_count"] >= 1 for row in rows), key
        return len(restated)

    def with_policy(self, folder: Path, seed: str, *rows: str) -> Settings:
        """Copy the project to a folder and put rows into a policy seed of the copy (`put_rows`).

        Returns settings that use the copy.
        """
        if not folder.exists():
            for name in ("include", "expectations", "dags", "dbt_project"):
                shutil.copytree(
                    PROJECT_ROOT / name, folder / name,
                    ignore=shutil.ignore_patterns("target", "__pycache__"),
                )  # fmt: skip
        put_rows(folder, seed, *rows)
        return dataclasses.replace(self.settings, project_root=folder)


def change_one_record_of_each_kind(world: RestatedWorld) -> None:
    """Add late, corrected and deleted records of every kind that figures depend on."""
    late = referral("R-JAN-2", "55", "2026-01-20T12:00", occurrence_ref="O-JAN-2")
    world.add("rms.nccu_referral", late, CHANGED_AT)
    world.add(
        "intel.report",
        document("U-FEB-1", "22", "2026-02-05T15:00", occurrence_ref="O-FEB-1"),
        CHANGED_AT,
    )
    world.row("rms.nccu_referral", referral_ref="R-MAR-2").update(
        referral_type="IMMIGRATION_CRIME", updated_at=wall(CHANGED_AT)
    )
    world.row("rms.nccu_referral", referral_ref="R-DEC-2").update(
        deleted_at=wall(CHANGED_AT), updated_at=wall(CHANGED_AT)
    )
    world.row("rms.custody_record", occurrence_ref="O-CUS-1").update(
        deleted_at=wall(CHANGED_AT), updated_at=wall(CHANGED_AT)
    )
    sick = [
        {**row, "absence_status": "LONG_TERM_SICK"} if row["employee_no"] == "000003" else row
        for row in STAFF
    ]
    world.fill(
        completions("2026-04-09", [completed("000001", "OIC-EL-4", "2025-11-15T12:00")]),
        personnel("2026-02-01", sick),
        attendance("2025-12-10", "PASS"),
        register(CHANGED_AT, "E1"),
    )


@contextmanager
def temporary_world() -> Iterator[RestatedWorld]:
    """Yield a world with a server of its own. Stop the server at the end, and remove the world."""
    with empty_world() as world:
        world.fill()
        yield world


@contextmanager
def empty_world() -> Iterator[RestatedWorld]:
    """Yield a world like `temporary_world`, whose sources have no records yet.

    What dbt has parsed is kept for the next world. dbt parses the project again if the folder, the
    port or the database is another one, which takes seconds.
    """
    home = TEST_HOME / "restated"
    _clear(home)
    try:
        yield _make(home)
    finally:
        try:
            embedded.stop(_settings(home))
        finally:
            _clear(home)


def _clear(home: Path) -> None:
    for path in home.glob("*"):
        if path.name != "dbt":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _make(home: Path) -> RestatedWorld:
    settings = _settings(home)
    embedded.start(settings)
    pipeline.prepare_warehouse(settings)
    create_sources(settings)
    return RestatedWorld(settings, first_step())


def at(text: str) -> datetime:
    """Return the moment of an ISO string without an offset, which is read as London time."""
    return wall(text)


def _settings(home: Path) -> Settings:
    return dataclasses.replace(
        load_settings(), home=home, dropzone=f"file://{home}/dropzone", pg_port=_port()
    )


@cache
def _port() -> int:
    """Return a free port, which is the same for all worlds of this process.

    The system gives out the ports from 32768 on to outgoing connections, so it must be below.
    """
    for port in range(30_000 + os.getpid() % 2_000, 32_768):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def _key(row: Row) -> tuple[str, str, str]:
    return row["measure_code"], f"{row['period_start']:%Y-%m}", row["org_unit_code"]


def _value(row: Row | None) -> float | None:
    return row["value"] if row else None


def _count(row: Row | None, column: str) -> int:
    return int((row[column] if row else 0) or 0)


def _decimal(value: float | None) -> Decimal:
    """Return the value that PostgreSQL gives when it casts a double precision to numeric.

    The cast keeps 15 significant digits. The value is then rounded to 15 decimals. A missing value
    counts as 0.
    """
    return round(Decimal(f"{value or 0:.15g}"), 15)


@dataclass
class TwoPublications:
    """A world with two publications, between which one record of each kind is changed."""

    world: RestatedWorld
    #: Where copies of the project with other rules are made.
    folder: Path
    first: int
    second: int


@contextmanager
def two_publications(folder: Path) -> Iterator[TwoPublications]:
    """Yield a world with two publications, which a process makes once and then copies."""
    made = _published_twice()
    world = copy.deepcopy(made.world)
    home = world.settings.home
    _clear(home)
    try:
        _copy(made.folder, home)
        embedded.start(world.settings)
        yield dataclasses.replace(made, world=world, folder=folder)
    finally:
        embedded.stop(world.settings)
        _clear(home)


@cache
def _published_twice() -> TwoPublications:
    """Make the two publications. `folder` then has a copy of the state folder."""
    kept = TEST_HOME / "published twice"
    with temporary_world() as world:
        first = world.publish("2026-04-10T05:30")
        change_one_record_of_each_kind(world)
        second = world.publish("2026-04-11T05:30")
        embedded.stop(world.settings)
        _copy(world.settings.home, kept)
    return TwoPublications(world, kept, first, second)


def _copy(home: Path, to: Path) -> None:
    """Copy a state folder, with the owner of each file, but without what dbt has written."""
    to.mkdir(exist_ok=True)
    paths = [path for path in home.iterdir() if path.name != "dbt"]
    subprocess.run(["cp", "--archive", *paths, to], check=True)
