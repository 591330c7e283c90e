"""Readers' consultations are recorded in the log of processing, from the server's own log."""

import json
import stat
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from oic_assurance.operations.audit import collect as collect_module
from oic_assurance.operations.audit.chain import verify
from oic_assurance.operations.audit.collect import VARIABLE, collect
from oic_assurance.settings import Settings
from oic_assurance.warehouse.cluster import server_log_dir
from oic_assurance.warehouse.connections import connect, url
from oic_assurance.warehouse.processing_log import value_mark
from oic_assurance.warehouse.rows import one_value
from tests.integration.warehouse.stage_roles import run_as

pytestmark = pytest.mark.slow

KEY = "0123456789abcdef0123456789abcdef"
Row = tuple[str, ...]


@pytest.fixture
def marts(fresh_warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A warehouse with two marts, which bi_reader reads."""
    monkeypatch.setenv("ASSURANCE_AUDIT_HEADS", str(tmp_path / "heads"))
    run_as(
        fresh_warehouse,
        "oic_publish",
        "create table marts.dim_officer (officer_key text, rank_grade text)",
        "create table marts.assurance_position (point_code text)",
    )
    collect(fresh_warehouse)
    return fresh_warehouse


def consultations(settings: Settings) -> list[tuple[str, str, list[str], str | None]]:
    with connect(settings, role="oic_audit") as connection:
        return connection.execute(
            "select who, what, concerns, client_addr from audit.processing_log "
            "where origin = 'server log' order by log_id"
        ).fetchall()


def test_what_a_reader_asks_is_entered_without_its_values(marts: Settings) -> None:
    with psycopg.connect(url(marts, "bi"), application_name="a tool") as reader:
        reader.execute(f"select 1 from dim_officer where officer_key = '{KEY}' -- Jane Doe")
        reader.execute("select 2 from dim_officer where officer_key = %s", (KEY,))
        for _ in range(3):
            reader.execute("select * from assurance_position where point_code = 'HYDRA'")
        reader.execute("select version()")
        reader.execute("prepare p as select rank_grade from dim_officer")
        reader.execute("execute p")
    done = collect(marts)
    found = consultations(marts)
    assert {(who, address) for who, _, _, address in found} == {("bi_reader", "127.0.0.1")}
    whats = [what for _, what, _, _ in found]
    prefix = "1 statement with 'a tool', dim_officer: "
    assert whats[0] == f"{prefix}select ? from dim_officer where officer_key = ?"
    assert whats[1] == f"{prefix}select ? from dim_officer where officer_key = $1"
    assert whats[2].startswith("3 statements until ")
    assert whats[2].endswith(
        "with 'a tool', assurance_position: select * from assurance_position where point_code = ?"
    )
    assert any("execute p" in what and "dim_officer" in what for what in whats)
    assert whats[-1].endswith("with 'a tool', no mart by name")
    # The entries about one officer are found by a keyed hash. The officer's key itself is not in
    # them.
    mark = value_mark(marts, KEY)
    assert [mark in concerns for _, _, concerns, _ in found[:3]] == [True, True, False]
    assert KEY not in str(found)
    assert "Jane" not in str(found)
    assert done.entries == len(found)
    assert verify(marts).findings == []


def test_a_reader_that_connects_again_and_again_does_not_fill_the_log(
    marts: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect_module, "MOST_SESSIONS", 2)
    for number in range(5):
        with psycopg.connect(url(marts, "bi"), application_name=f"tool {number}") as reader:
            reader.execute("select * from assurance_position")
            reader.execute(f"select 1 from dim_officer where officer_key = '{KEY}{number}'")
    collect(marts)
    found = consultations(marts)
    shape = "select * from assurance_position"
    whats = [what for _, what, _, _ in found if what.endswith(shape)]
    assert len(found) == 6
    assert whats[:2] == [
        f"1 statement with 'tool {n}', assurance_position: {shape}" for n in (0, 1)
    ]
    assert whats[2].startswith("3 statements until ")
    assert whats[2].endswith(f" in 3 sessions, assurance_position: {shape}")
    # Which records the further sessions asked for is still found.
    assert value_mark(marts, f"{KEY}4") in found[-1][2]


def test_statements_with_values_do_not_stay_on_the_disk(marts: Settings) -> None:
    with psycopg.connect(url(marts, "bi")) as reader:
        reader.execute(f"select 1 from dim_officer where officer_key = '{KEY}'")
    folder = server_log_dir(marts)
    held = [path for path in folder.glob("*.json") if KEY in path.read_text()]
    assert held
    assert {stat.S_IMODE(path.stat().st_mode) for path in held} == {0o600}
    collect(marts)
    assert not [path for path in folder.glob("*.json") if KEY in path.read_text()]


def test_a_statement_cannot_be_hidden_by_its_length_or_by_many_others(marts: Settings) -> None:
    with psycopg.connect(url(marts, "bi")) as reader:
        reader.execute(f"select 1 from dim_officer where officer_key = 'x' /* {'*' * 200_000} */")
        reader.execute(f"select '{'x' * 3_000_000}' /* \"\\ */ from dim_officer")
        values = ", ".join(f"'junk {number}'" for number in range(3_000))
        reader.execute(f"select 2 from dim_officer where officer_key in ({values}, '{KEY}')")
    collect(marts)
    found = consultations(marts)
    assert "dim_officer, with a statement that is too long to be read" in found[0][1]
    assert "with a statement that is too long to be read" in found[-1][1]
    assert [value_mark(marts, KEY) in concerns for _, _, concerns, _ in found].count(True) == 1
    assert verify(marts).findings == []


def test_nothing_is_entered_twice(marts: Settings) -> None:
    with psycopg.connect(url(marts, "bi")) as reader:
        reader.execute("select 1 from dim_officer")
    assert collect(marts).entries == 1
    assert collect(marts).entries == 0
    assert len(consultations(marts)) == 1


def reader_settings(settings: Settings) -> set[str]:
    with connect(settings) as connection:
        return set(
            one_value(connection, "select rolconfig from pg_roles where rolname = 'bi_reader'")
        )


def test_a_reader_cannot_switch_the_logging_off(marts: Settings) -> None:
    before = reader_settings(marts)
    attempts = (
        "set log_statement = 'none'",
        "set log_min_messages = 'panic'",
        "set session log_parameter_max_length = 0",
        "alter role bi_reader set log_statement = 'none'",
        "alter role bi_reader reset log_statement",
        "alter role bi_reader reset all",
        "select set_config('log_statement', 'none', false)",
        "select pg_reload_conf()",
        "select pg_rotate_logfile()",
        "select pg_read_file('postgresql.conf')",
    )
    with psycopg.connect(url(marts, "bi"), autocommit=True) as reader:
        reader.execute("set default_transaction_read_only = off")
        for attempt in attempts:
            try:
                reader.execute(attempt.encode())
            except psycopg.errors.InsufficientPrivilege:
                continue
            # `reset all` is allowed, but does not reset settings that only an administrator may
            # change.
            assert attempt.endswith("reset all"), attempt
    with psycopg.connect(url(marts, "bi"), options="-c search_path=marts") as reader:
        assert reader.execute("show log_statement").fetchone() == ("all",)
        reader.execute("select 3 from dim_officer")
    with pytest.raises(psycopg.OperationalError, match="permission denied to set parameter"):
        psycopg.connect(url(marts, "bi"), options="-c log_statement=none")
    collect(marts)
    assert any("select ? from dim_officer" in what for _, what, _, _ in consultations(marts))
    # The role belongs to the server, which other tests use too.
    with connect(marts) as connection:
        for name, _, value in (
            setting.partition("=") for setting in before - reader_settings(marts)
        ):
            connection.execute(
                sql.SQL("alter role bi_reader set {} = {}").format(
                    sql.Identifier(name), sql.Literal(value)
                )
            )


def test_stages_are_not_logged(marts: Settings) -> None:
    run_as(marts, "oic_gate", "select 'a-value-of-a-stage'")
    for path in server_log_dir(marts).glob("*.json"):
        assert "a-value-of-a-stage" not in path.read_text()


def test_a_server_elsewhere_is_collected_from_its_folder_or_told(
    marts: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "oic_assurance.operations.audit.collect.on_embedded_server", lambda _: False
    )
    done = collect(marts)
    assert (done.folder, done.entries) == (None, 0)
    assert done.notes[0].startswith("The statements of readers are not collected: ")

    with connect(marts) as connection:
        database = connection.info.dbname
    entry = {
        "timestamp": "2026-07-09 05:30:01.123 UTC", "user": "pat", "dbname": database, "pid": 7,
        "remote_host": "10.0.0.1", "remote_port": 99, "session_id": "a.b", "error_severity": "LOG",
        "backend_type": "client backend", "message": "statement: select 1 from dim_officer",
    }  # fmt: skip
    path = tmp_path / "server" / "postgresql.json"
    path.parent.mkdir()
    path.write_text(json.dumps(entry) + "\nnot json\n" + json.dumps(entry)[:50])
    monkeypatch.setenv(VARIABLE, str(path.parent))
    done = collect(marts)
    assert (done.entries, done.deleted_files) == (1, 0)
    assert done.notes[0] == "Line 2 of what is new in the server's log is not readable."
    (found,) = consultations(marts)
    assert found[0] == "pat"
    assert found[1] == "1 statement, dim_officer: select ? from dim_officer"
    assert found[3] == "10.0.0.1"
    # An incomplete line is read after the rest of it has been written.
    with path.open("a") as file:
        file.write(json.dumps(entry)[50:] + "\n")
    assert collect(marts).entries == 1
