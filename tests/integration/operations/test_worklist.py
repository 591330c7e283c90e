"""A supervisor sees whom the exceptions of their own teams are about. Each look is logged first."""

import csv
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from oic_assurance.cli.main import run_command
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.operations.worklist import fill_directory, read_worklist, write_worklist
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import one_value
from tests.databases import Prepared, administrator
from tests.integration.asking import ask
from tests.integration.publishing.limited_readers import Connect, log_in, two_publications

__all__ = ["log_in"]

WHY = "the weekly talk about open work"
BEGIN, LOOK = "begin read write", f"select worklist.log_look('{WHY}')"


@pytest.fixture
def warehouse(prepared: Prepared) -> Iterator[Settings]:
    """Two publications with ten officers, each with a number.

    Officers K1 and K6 are in team U1, K2 and K7 in team U2, and so on.
    """
    with two_publications(prepared) as published:
        with connect(published, role="oic_landing") as conn:
            conn.execute(
                "insert into identity.pseudonym "
                "select %s, 'employee_no', '90000' || n, 'K' || n, 1 "
                "from generate_series(1, 10) as n",
                (published.force_code,),
            )
        yield published


def entries(warehouse: Settings) -> list[tuple[str, str, str]]:
    """Return who looked, at what and why, for each consultation in the log."""
    with administrator(warehouse) as conn:
        return conn.execute(
            "select who, what, because from audit.processing_log where action = 'consultation' "
            "order by log_id"
        ).fetchall()


def committed_look(reader: psycopg.Connection, statement: str = LOOK) -> str:
    reader.execute(BEGIN)
    (look,) = reader.execute(statement.encode()).fetchone() or (None,)
    reader.execute("commit")
    return str(look)


def people(reader: psycopg.Connection, look: str) -> list[tuple[str, str, str | None]]:
    return reader.execute(
        "select org_unit_code, number, name from worklist.exceptions(%s)", (look,)
    ).fetchall()


def test_a_supervisor_sees_the_numbers_of_the_own_teams_and_each_is_logged(
    warehouse: Settings, log_in: Connect
) -> None:
    reader = log_in("inspector_two")
    shown = people(reader, committed_look(reader))
    # Unit U2 has the officers 2 and 7, and unit U3 has 3 and 8.
    assert sorted(shown) == [
        ("U2", "900002", None),
        ("U2", "900007", None),
        ("U3", "900003", None),
        ("U3", "900008", None),
    ]
    logged = entries(warehouse)
    ((who, what, because),) = logged
    assert (who, because) == ("inspector_two", WHY)
    assert what.startswith("whom 4 exceptions are about (")
    with administrator(warehouse) as conn:
        marks = one_value(
            conn, "select concerns from audit.processing_log where because = %s", (WHY,)
        )
    assert len(marks) == 4
    # The log may be kept longer than the officer's record, so it names the exception and not the
    # officer.
    assert not any("K2" in what or "900002" in what for _, what, _ in logged)


def test_the_same_look_again_is_one_entry_and_waits_for_no_other(
    warehouse: Settings, log_in: Connect
) -> None:
    reader, other = log_in("inspector_two"), log_in("inspector_two")
    looks = {committed_look(reader) for _ in range(20)}
    assert len(looks) == len(entries(warehouse)) == 1
    ask(warehouse, "update identity.look set asked_at = asked_at - interval '2 days'")
    # Two looks that are not committed yet. Each of them removes the old one.
    other.execute("set statement_timeout = '5s'")
    for session in (reader, other):
        session.execute(BEGIN)
        session.execute(LOOK.encode())
    for session in (other, reader):
        session.execute("commit")


def test_one_unit_can_be_asked_for_and_another_teams_cannot(
    warehouse: Settings, log_in: Connect
) -> None:
    reader = log_in("inspector_two")
    look = committed_look(reader, f"select worklist.log_look('{WHY}', 'U2')")
    assert {unit for unit, _, _ in people(reader, look)} == {"U2"}
    messages = set()
    for unit in ("U1", "U4", "NONE"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal:
            committed_look(log_in("inspector_two"), f"select worklist.log_look('{WHY}', '{unit}')")
        messages.add(refusal.value.diag.message_primary)
    # The message does not reveal whether a unit exists.
    assert messages == {"that is none of your units"}


def test_nobody_is_shown_before_the_log_is_committed(warehouse: Settings, log_in: Connect) -> None:
    reader, other = log_in("inspector_one"), log_in("inspector_one")
    logged = len(entries(warehouse))
    reader.execute(BEGIN)
    (look,) = reader.execute(LOOK.encode()).fetchone() or (None,)
    for session in (reader, other):
        if session is reader:
            session.execute("savepoint before")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            people(session, look)
        if session is reader:
            session.execute("rollback to before")
    reader.execute("savepoint inner_one")
    (inner,) = reader.execute(LOOK.encode()).fetchone() or (None,)
    reader.execute("release savepoint inner_one")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        people(reader, inner)
    reader.execute("rollback")
    for rolled_back in (look, inner):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            people(reader, rolled_back)
    assert len(entries(warehouse)) == logged
    # One statement cannot both log a look and show people.
    reader.execute(BEGIN)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(f"select * from worklist.exceptions(({LOOK}))".encode())
    reader.execute("rollback")


def test_a_look_belongs_to_one_login_and_ends_after_a_quarter_of_an_hour(
    warehouse: Settings, log_in: Connect
) -> None:
    look = committed_look(log_in("inspector_two"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        people(log_in("inspector_one"), look)
    assert people(log_in("inspector_two"), look)
    ask(warehouse, "update identity.look set asked_at = asked_at - interval '16 minutes'")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        people(log_in("inspector_two"), look)


def test_a_look_needs_a_reason_and_a_transaction_that_writes(
    warehouse: Settings, log_in: Connect
) -> None:
    # A login may have only a few sessions at a time, so each is closed before the next is opened.
    for why in ("''", "'  x       '", "'because'", "null", "repeat('x', 501)"):
        with (
            log_in("inspector_one") as reader,
            pytest.raises(psycopg.errors.InvalidParameterValue),
        ):
            committed_look(reader, f"select worklist.log_look({why})")
    reader = log_in("inspector_one")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        reader.execute(LOOK.encode())
    assert entries(warehouse) == []


ATTACKS = [
    "select * from identity.pseudonym",
    "select * from identity.looked_at",
    "select * from identity.directory",
    "insert into identity.looked_at values (gen_random_uuid(), 'E23000022', '4', 'x')",
    "insert into identity.look (look_id, login, because) values (gen_random_uuid(), 'x', 'y')",
    "update identity.look set org_unit_code = 'U4'",
    "delete from audit.processing_log",
    "insert into audit.processing_log (action, what) values ('consultation', 'forged')",
    "set role oic_identity",
    "set role oic_worklist",
    "select limited.own_units()",
    "select * from worklist.exceptions(gen_random_uuid())",
]


def test_an_officer_of_another_team_cannot_be_resolved(
    warehouse: Settings, log_in: Connect, subtests: pytest.Subtests
) -> None:
    for statement in ATTACKS:
        with subtests.test(statement), log_in("inspector_one") as reader:
            reader.execute(BEGIN)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(statement.encode())
    reader = log_in("inspector_one")
    numbers = {number for _, number, _ in people(reader, committed_look(reader))}
    assert numbers == {"900001", "900006"}
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        committed_look(log_in("office_reader"))


def test_the_command_shows_every_unit_and_writes_a_private_file(
    warehouse: Settings, log_in: Connect, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = read_worklist(warehouse, "U3", WHY, "somebody")
    assert {one["number"] for one in found.exceptions} == {"900003", "900008"}
    assert len(read_worklist(warehouse, None, WHY, "somebody").exceptions) == 10
    logged = entries(warehouse)
    assert {who for who, _, _ in logged} == {"oic_worklist"}
    assert {because for _, _, because in logged} == {f"{WHY} (somebody, assurance worklist)"}
    to = tmp_path / "week.csv"
    write_worklist(found, to)
    assert to.stat().st_mode & 0o777 == 0o600
    with to.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["number"] for line in lines] == [one["number"] for one in found.exceptions]
    assert list(lines[0]) == found.columns == list(found.exceptions[0])
    for wrong in ([], ["--reason", "no"], ["--reason", WHY, "--unit", "NONE"]):
        assert run_command(["worklist", *wrong]) == 2
    assert run_command(["worklist", "--unit", "U3", "--reason", WHY]) == 0
    assert "900003" in capsys.readouterr().out


def test_the_command_uses_a_supervisors_own_login(
    warehouse: Settings, log_in: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = log_in("inspector_one").info
    uri = f"postgresql://{info.user}:{info.password}@{info.host}:{info.port}/{info.dbname}"
    monkeypatch.setenv("AIRFLOW_CONN_WORKLIST", uri)
    found = read_worklist(warehouse, None, WHY, "somebody")
    assert found.login == "inspector_one"
    assert {one["org_unit_code"] for one in found.exceptions} == {"U1"}
    with pytest.raises(UsageError, match="none of your units"):
        read_worklist(warehouse, "U2", WHY, "somebody")


def test_names_come_from_the_directory_and_go_with_the_pseudonym(
    warehouse: Settings, log_in: Connect, tmp_path: Path
) -> None:
    names = tmp_path / "names.csv"
    names.write_text("employee_no,name\n900001,Officer One\n999999,Nobody\n900002,Officer Two\n")
    assert fill_directory(warehouse, names) == (2, 1)
    reader = log_in("inspector_one")
    assert ("U1", "900001", "Officer One") in people(reader, committed_look(reader))
    names.write_text("employee_no,name\n900001,Officer Uno\n")
    assert fill_directory(warehouse, names) == (1, 0)
    with connect(warehouse, role="oic_erasure") as conn:
        conn.execute("delete from identity.pseudonym where identifier = '900001'")
    assert ask(warehouse, "select count(*) from identity.directory")[0] == (0,)
    for text, wrong in (
        ("employee_no,names\n1,x\n", "needs the columns"),
        ("employee_no,name\n1,x\n1,y\n", "occurs twice"),
    ):
        names.write_text(text)
        with pytest.raises(AssuranceError, match=wrong):
            fill_directory(warehouse, names)
