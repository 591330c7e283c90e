"""The doctor's looks at the warehouse: rights, archive, back-ups, interrupted work."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.operations.doctor import machine, warehouse
from oic_assurance.settings import Settings
from oic_assurance.warehouse.encryption import new_identity
from tests.databases import administrator
from tests.integration.operations.test_doctor import states, the


@pytest.fixture
def as_administrator(fresh_warehouse: Settings) -> Iterator[Settings]:
    """A warehouse of its own, on a server whose roles are as they were after the test."""
    yield fresh_warehouse
    with administrator(fresh_warehouse, autocommit=True) as connection:
        connection.execute("alter role oic_gate nocreatedb")
        connection.execute("revoke oic_landing from oic_gate")


def execute(settings: Settings, *statements: str) -> None:
    with administrator(settings, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


# ------------------------------------------------------------ rights


def test_every_login_has_what_it_needs_and_no_more(as_administrator: Settings) -> None:
    settings = as_administrator
    good = list(warehouse.look_at_logins(settings))
    assert states(good)["logins"] == "ok"
    assert states(good)["server"] == "ok"
    assert states(warehouse.look_at_readers(settings)) == {"bi_reader": "ok"}
    execute(settings, "alter role oic_gate createdb", "grant oic_landing to oic_gate")
    found = [one for one in warehouse.look_at_logins(settings) if one.subject == "oic_gate"]
    assert [one.state for one in found] == ["failed", "failed"]
    assert "may create databases" in found[0].what
    assert "is a member of 'oic_landing'" in found[1].what


def test_a_right_that_everybody_has_is_found(as_administrator: Settings) -> None:
    execute(as_administrator, "grant execute on function lo_create(oid) to public")
    found = the(warehouse.look_at_logins(as_administrator), "server")
    assert found.state == "failed"
    assert "assurance db hardening-sql" in found.todo


def test_a_login_whose_password_is_not_known_is_found(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_OIC_GATE_PASSWORD", "another-Password-94711")
    monkeypatch.setenv("ASSURANCE_BI_READER_PASSWORD", "another-Password-94711")
    found = the(warehouse.look_at_logins(fresh_warehouse), "oic_gate")
    assert (found.state, found.todo) == ("failed", "`assurance db start`")
    assert "another-Password" not in found.what
    assert states(warehouse.look_at_readers(fresh_warehouse)) == {"bi_reader": "failed"}


# ------------------------------------------------------------ archive

_BATCH = """
insert into audit.batch (
    run_id, force_code, dataset, source_place, kind, delivered_for, status, kept_as, sha256
)
values ('r', 'E23000022', 'hr/personnel', 'x', 'file', now(), 'landed', 'batches/doctor.gz', 'x')
"""


@pytest.fixture
def archived(fresh_warehouse: Settings) -> Iterator[Path]:
    """The file of the newest batch."""
    execute(fresh_warehouse, "set session_replication_role = replica", _BATCH)
    path = fresh_warehouse.home / "batches" / "doctor.gz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(b"heron"))
    yield path
    path.unlink(missing_ok=True)


def test_the_newest_batch_must_be_readable(fresh_warehouse: Settings, archived: Path) -> None:
    assert states(machine.look_at_newest_batch(fresh_warehouse)) == {"newest batch": "ok"}
    archived.write_bytes(b"not compressed")
    found = the(machine.look_at_newest_batch(fresh_warehouse), "newest batch")
    assert (found.state, found.todo) == ("failed", "`assurance batch verify`")
    archived.unlink()
    found = the(machine.look_at_newest_batch(fresh_warehouse), "newest batch")
    assert found.state == "failed"
    assert "is missing" in found.what


def test_the_key_of_the_archive_must_be_readable(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert states(machine.look_at_archive(settings))["key of the archive"] == "advice"
    key = tmp_path / "key"
    key.write_text(str(new_identity()), encoding="ascii")
    key.chmod(0o600)
    monkeypatch.setenv("ASSURANCE_ARCHIVE_KEY", str(key))
    assert states(machine.look_at_archive(settings))["key of the archive"] == "ok"
    key.chmod(0o644)
    found = the(machine.look_at_archive(settings), "key of the archive")
    assert found.state == "failed"
    assert "chmod" in found.what


# ------------------------------------------------------------ back-ups


def back_up(settings: Settings, folder: Path, days_ago: int) -> None:
    with administrator(settings, autocommit=True) as connection:
        connection.execute(
            """
            insert into audit.backup (
                made_at, folder, sha256, parts, size_bytes, batches, missing, code_version,
                is_encrypted
            )
            values (now() - make_interval(days => %s), %s, %s, '[]', 1, 1, 0, 'c', true)
            """,
            (days_ago, str(folder), str(days_ago) * 64),
        )


def test_the_newest_back_up_must_be_there_and_be_new(
    fresh_warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def state() -> str:
        [found] = machine.look_at_backups(fresh_warehouse)
        return found.state

    # A force may back up its server in another way. Somebody has to say so once.
    for given in ("", " ", "yes", "not now"):
        monkeypatch.setenv("ASSURANCE_NO_BACKUPS", given)
        assert state() == "attention"
    monkeypatch.setenv("ASSURANCE_NO_BACKUPS", "the server's team makes them")
    [found] = machine.look_at_backups(fresh_warehouse)
    assert (found.state, found.what.partition(": ")[2]) == ("ok", "the server's team makes them")
    # What is accepted is that none are made, and not that they stop.
    back_up(fresh_warehouse, tmp_path, 5)
    assert state() == "attention"
    back_up(fresh_warehouse, tmp_path, 1)
    assert state() == "ok"
    back_up(fresh_warehouse, tmp_path / "gone", 0)
    assert state() == "failed"


# ------------------------------------------------------------ interrupted work


def test_interrupted_work_is_found(fresh_warehouse: Settings) -> None:
    settings = fresh_warehouse
    assert states(warehouse.look_at_leftovers(settings)) == {"interrupted work": "ok"}
    (settings.home / "drill").mkdir()
    try:
        assert (
            "is under way, or was interrupted"
            in the(warehouse.look_at_leftovers(settings), "drill").what
        )
    finally:
        (settings.home / "drill").rmdir()
