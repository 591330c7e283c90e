"""The simulator with real source databases and a real dropzone."""

import hashlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from oic_assurance.cli.main import run_command
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse import connections
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.cluster import OWNERS, SOURCES
from simulator.force import simulate
from simulator.moments import midnight
from simulator.source_systems import connect_owner, create_sources
from simulator.tables import TABLES

SEED = 11
FIRST, BREAK, AFTER, LAST = (
    date(2025, 6, 15),
    date(2025, 6, 24),
    date(2025, 6, 25),
    date(2025, 6, 26),
)

NewForce = Callable[[str], Settings]


@pytest.fixture
def new_force(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[NewForce]:
    """A function that creates empty source databases, and returns the settings of a new force.

    The settings name a new state folder and a new dropzone. The databases are dropped at the end.
    """
    owners = {system: connections.url(settings, system) for system in SOURCES}
    administrator = connections.admin_url(settings)
    made: list[str] = []

    def create(name: str) -> Settings:
        for system, uri in owners.items():
            database = f"{system}_{uuid.uuid4().hex[:10]}"
            _administer(administrator, "create database {} owner {}", database, OWNERS[system])
            made.append(database)
            monkeypatch.setenv(f"AIRFLOW_CONN_{system.upper()}", _in_database(uri, database))
        home = tmp_path / name
        return replace(settings, home=home, dropzone=f"file://{home}/dropzone")

    yield create
    for database in made:
        _administer(administrator, "drop database {} with (force)", database)


def _administer(uri: str, statement: str, *names: str) -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _in_database(uri: str, database: str) -> str:
    parts = psycopg.conninfo.conninfo_to_dict(uri) | {"dbname": database}
    return libpq_uri({key: str(value) for key, value in parts.items()})


def databases(settings: Settings) -> dict[str, tuple[int, str]]:
    """Return the number of rows and a fingerprint of each source table, keyed by its name."""
    found = {}
    for table in TABLES.values():
        query = sql.SQL(
            "select count(*), coalesce(md5(string_agg(t::text, '|' order by t::text)), '')"
            " from {} as t"
        ).format(sql.Identifier(table.schema, table.name))
        with closing(connect_owner(settings, table.system)) as connection:
            row = connection.execute(query).fetchone()
        assert row is not None
        found[table.full_name] = (row[0], row[1])
    return found


def files(settings: Settings) -> dict[str, tuple[str, float]]:
    """Return the hash and the modification time of every file in the dropzone, keyed by path."""
    root = settings.home / "dropzone"
    return {
        str(path.relative_to(root)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime,
        )
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def truth_of(settings: Settings) -> bytes:
    return (settings.home / "simulator" / "truth.json.gz").read_bytes()


def test_sources_are_created_once(new_force: NewForce) -> None:
    force = new_force("empty")
    made = create_sources(force)
    assert [line for line in made if "table" in line] == [
        f"{table.system}: table {table.full_name}" for table in TABLES.values()
    ]
    for dataset in datasets().values():
        if dataset.kind == "file":
            folder = force.home / "dropzone" / dataset.files.folder
            assert folder.is_dir() != dataset.is_optional
    with connect_owner(force, "rms") as connection:
        connection.execute(
            "insert into rms.occurrence (occurrence_id, occurrence_ref, status)"
            " values (1, '26000000001', 'no such status')"
        )
    assert create_sources(force) == []
    assert databases(force)["rms.occurrence"][0] == 1


def test_in_a_database_of_the_force_nothing_is_created_and_folders_are(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The login of a source may read and no more, and the page for the night says this command."""
    assert settings.home.is_dir()
    for name in ("RMS", "INTELLIGENCE"):
        uri = "postgresql://reader:secret@127.0.0.1:1/source"
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", uri)
    monkeypatch.setenv("ASSURANCE_DROPZONE", f"file://{tmp_path}")
    assert run_command(["sources", "create"]) == 0
    assert (tmp_path / "hr" / "personnel").is_dir()


def test_the_extraction_login_cannot_read_withheld_columns(settings: Settings) -> None:
    create_sources(settings)
    report = TABLES["report"]
    allowed = [column for column in report.columns if column not in report.never_extracted]
    query = sql.SQL("select {} from intel.report")
    with connections.connect_source(settings, "intelligence") as connection:
        connection.execute(query.format(sql.SQL(", ").join(map(sql.Identifier, allowed))))
        connection.execute("select count(*) from intel.dissemination")
    for statement in (
        b"select narrative from intel.report",
        b"select source_identity from intel.report",
        b"select * from intel.report",
        b"select r from intel.report as r",
    ):
        with (
            connections.connect_source(settings, "intelligence") as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


@pytest.mark.slow
def test_a_continued_range_equals_one_range(new_force: NewForce) -> None:
    whole = new_force("whole")
    report = simulate(whole, SEED, FIRST, LAST)
    at_once = (databases(whole), files(whole), truth_of(whole))
    assert report.rows["rms.nccu_referral"] > 50
    assert report.files["hr/personnel"] >= 12

    parts = new_force("parts")
    simulate(parts, SEED, FIRST, BREAK)
    before = databases(parts)
    simulate(parts, SEED, AFTER, AFTER)
    simulate(parts, SEED, LAST, LAST)
    assert before != databases(parts)
    assert (databases(parts), files(parts), truth_of(parts)) == at_once
    simulate(parts, SEED, LAST, LAST)  # simulating the last day again changes nothing
    assert (databases(parts), files(parts), truth_of(parts)) == at_once


def test_a_further_day_changes_rows_of_earlier_days_and_a_force_has_one_seed(
    new_force: NewForce,
) -> None:
    def updates() -> dict[int, datetime]:
        query = "select occurrence_id, updated_at from rms.occurrence"
        with connect_owner(force, "rms") as connection:
            return dict(connection.execute(query).fetchall())

    force = new_force("changes")
    simulate(force, SEED, FIRST, BREAK)
    before = updates()
    simulate(force, SEED, AFTER, AFTER)
    after = updates()
    changed = [key for key in before if key in after and after[key] != before[key]]
    assert len(changed) > 5
    assert all(after[key] >= midnight(AFTER) for key in changed)
    with pytest.raises(UsageError, match="There is already a force of seed 11"):
        simulate(force, 12, FIRST, LAST)


def test_a_source_that_cannot_be_reached_is_one_clear_line(
    new_force: NewForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    force = new_force("down")
    monkeypatch.setenv("AIRFLOW_CONN_RMS", "postgresql://somebody:secret@127.0.0.1:1/rms")
    with pytest.raises(
        AssuranceError, match=r"The rms database cannot be reached .*port 1"
    ) as error:
        create_sources(force)
    assert "secret" not in error.value.message
