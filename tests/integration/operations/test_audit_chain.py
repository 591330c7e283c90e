"""Test that nobody can write directly to the log of processing, and that each change is found.

The tests change the log on purpose, as the server's administrator, because no login has more
rights. The table's triggers and constraints stay enabled.
"""

import json
import stat
from pathlib import Path

import pytest

from oic_assurance.operations.audit.chain import Verification, verify
from oic_assurance.operations.audit.heads import FILE, ship
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import enter, seal
from tests.integration.asking import ask


@pytest.fixture
def heads(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file to which this test ships heads."""
    monkeypatch.setenv("ASSURANCE_AUDIT_HEADS", str(tmp_path / FILE))
    return tmp_path / FILE


@pytest.fixture
def log(fresh_warehouse: Settings, heads: Path) -> Settings:
    """A warehouse with a sealed log of five entries. The head was shipped after each entry."""
    for number in range(1, 6):
        with connect(fresh_warehouse, role="oic_landing") as connection:
            enter(
                connection,
                "collection",
                f"batch {number}",
                to_whom="nobody" if number % 2 else None,
                because="é'\\ and\nmore",
                concerns=[f"batch:{number}", "é"],
            )
        assert ship(fresh_warehouse) == []
    return fresh_warehouse


def sentences(done: Verification) -> list[str]:
    return [finding.sentence for finding in done.findings]


def test_an_untouched_log_is_intact(log: Settings) -> None:
    done = verify(log)
    assert (sentences(done), done.entries, done.unsealed, done.heads) == ([], 5, 0, 5)
    with connect(log, role="oic_gate") as connection:
        enter(connection, "consultation", "not sealed yet")
    done = verify(log)
    assert (sentences(done), done.entries, done.unsealed) == ([], 6, 1)
    # An entry of a transaction that failed is no removed entry.
    with connect(log, role="oic_landing") as connection:
        enter(connection, "collection", "rolled back")
        connection.rollback()
        enter(connection, "collection", "kept")
    assert seal(log) == 2
    assert sentences(verify(log)) == []


@pytest.mark.parametrize(
    ("kind", "words", "statements"),
    [
        (
            "changed",
            "Entry 2 (collection",
            ["update audit.processing_log set what = 'nothing' where log_id = 2"],
        ),
        (
            "changed",
            "Entry 4 is not what was sealed as number 4",
            [
                "update audit.processing_log set who = 'somebody' where log_id = 4",
                "update audit.processing_log as l set entry_hash = audit.hash_entry(l)",
            ],
        ),
        (
            "removed",
            "Entry 3 of the chain was removed",
            ["delete from audit.processing_log where log_id = 3"],
        ),
        (
            "removed",
            "Entries 1 to 2 of the chain were removed",
            ["delete from audit.processing_log where log_id < 3"],
        ),
        (
            "removed",
            "The last entry was removed: the chain ends with number 4",
            ["delete from audit.processing_log where log_id = 5"],
        ),
        (
            "removed",
            "The last 2 entries were removed: the chain ends with number 3, and a head that was",
            [
                "delete from audit.processing_log where log_id > 3",
                "update audit.processing_head set chain_no = 3, chain_hash = (select chain_hash "
                "from audit.processing_log where chain_no = 3)",
            ],
        ),
        (
            "removed",
            "The last 5 entries were removed",
            ["truncate audit.processing_log"],
        ),
        (
            "changed",
            "Entry 4 is not what was sealed as number 3",
            [
                "delete from audit.processing_log where log_id = 3",
                "update audit.processing_log set chain_no = 3 where log_id = 4",
                "update audit.processing_log set chain_no = 4 where log_id = 5",
            ],
        ),
        (
            "rewritten",
            "The chain was replaced after number 2: its number 3",
            [
                # The log's own functions compute the whole chain again without the third entry.
                "delete from audit.processing_log where log_id = 3",
                "update audit.processing_log set chain_no = null, chain_hash = null "
                "where log_id > 3",
                "update audit.processing_head set chain_no = 2, chain_hash = (select chain_hash "
                "from audit.processing_log where chain_no = 2)",
                "select audit.enter_processing('collection', 'something else')",
                "select audit.seal_processing()",
            ],
        ),
        (
            "rewritten",
            "The log was created anew",
            ["update audit.processing_head set log_name = gen_random_uuid()"],
        ),
        (
            "removed",
            "The head of the chain",
            ["delete from audit.processing_head"],
        ),
        (
            "removed",
            "The table audit.processing_log was removed",
            ["drop table audit.processing_log cascade"],
        ),
    ],
)
def test_a_change_by_the_administrator_is_found(
    log: Settings, kind: str, words: str, statements: list[str]
) -> None:
    for statement in statements:
        ask(log, statement)
    done = verify(log)
    assert kind in [finding.kind for finding in done.findings], sentences(done)
    assert any(sentence.startswith(words) for sentence in sentences(done)), sentences(done)


_FORGED = """
insert into audit.processing_log (
    logged_at, action, who, what, origin, xid, entry_hash
) values ({at}, 'disclosure', 'warehouse_owner', 'to somebody', 'program', {xid}, '')
"""
_HASHED = "update audit.processing_log as l set entry_hash = audit.hash_entry(l) where log_id > 5"


@pytest.mark.parametrize(
    ("words", "at", "xid"),
    [
        ("it names no transaction", "now()", "null"),
        ("it is dated 2020-01-01", "'2020-01-01'", "pg_current_xact_id()"),
        (
            "its transaction had ended when entries were sealed",
            "'2020-01-01'",
            "(select xid from audit.processing_log where log_id = 1)",
        ),
    ],
)
@pytest.mark.parametrize("is_sealed", [False, True])
def test_an_inserted_entry_is_found(
    log: Settings, words: str, at: str, xid: str, is_sealed: bool
) -> None:
    ask(log, "select setval('audit.processing_log_log_id_seq', 10)")
    ask(log, _FORGED.format(at=at, xid=xid) + ";" + _HASHED)
    if is_sealed:
        seal(log)
    (finding,) = verify(log).findings
    assert finding.kind == "inserted"
    assert words in finding.sentence


def test_the_server_says_who_and_when(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "the-chief-constable")
    with connect(fresh_warehouse, role="oic_gate") as connection:
        connection.execute("set application_name = 'the-chief-constable'")
        enter(connection, "consultation", "one record")
    with connect(fresh_warehouse) as connection:
        row = connection.execute(
            "select who, entered_by, acting_as, client_addr, claimed_by, "
            "logged_at between now() - interval '1 minute' and now(), xid is not null "
            "from audit.processing_log order by log_id desc limit 1"
        ).fetchone()
    assert row is not None
    assert row[:4] == ("oic_gate", "oic_gate", None, "127.0.0.1")
    assert "the-chief-constable" not in str(row)
    assert row[5:] == (True, True)


def test_an_open_transaction_with_an_entry_holds_nobody_up(log: Settings, heads: Path) -> None:
    with connect(log, role="oic_landing") as open_one:
        enter(open_one, "collection", "a long landing")
        with connect(log, role="oic_gate") as other:
            other.execute("set lock_timeout = '1s'")
            enter(other, "consultation", "one record")
        assert seal(log) == 1
        assert ship(log) == []
        open_one.commit()
    assert seal(log) == 1
    done = verify(log)
    assert (sentences(done), done.entries, done.unsealed) == ([], 7, 0)
    # The file is private, and has a line for each head.
    assert stat.S_IMODE(heads.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in heads.read_text().splitlines()]
    assert [line["chain_no"] for line in lines] == [1, 2, 3, 4, 5, 6]


def test_a_place_that_takes_no_head_is_told(
    log: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "none" / "heads"
    places = f"{missing}, {tmp_path / 'other'}, https://[::1]:1/x"
    monkeypatch.setenv("ASSURANCE_AUDIT_HEADS", places)
    failures = ship(log)
    assert failures[0] == f"{missing}: No such file or directory"
    assert failures[1].startswith("the address at ::1: ")
    assert json.loads((tmp_path / "other").read_text())["chain_no"] == 5
