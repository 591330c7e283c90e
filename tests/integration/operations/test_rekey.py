"""Re-keying replaces every pseudonym, changes nothing else, and can be continued after a kill."""

import dataclasses
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from psycopg import sql

from oic_assurance.builds import runs
from oic_assurance.cli.main import run_command
from oic_assurance.clock import utc_now
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.landing.pseudonyms import (
    assign_pseudonyms,
    check_no_rekey,
    check_value,
    current_version,
    is_key_of,
    pseudonym,
)
from oic_assurance.operations.pseudonyms import rekey as module
from oic_assurance.operations.pseudonyms.clean import clean
from oic_assurance.operations.pseudonyms.rekey import rekey
from oic_assurance.operations.pseudonyms.status import read_status
from oic_assurance.publishing.publication import current_publication
from oic_assurance.publishing.publish import publish
from oic_assurance.publishing.rekeyed import present_tables
from oic_assurance.publishing.retention import detach_old
from oic_assurance.publishing.rollback import rollback
from oic_assurance.publishing.schemas import GENERATION, MARTS
from oic_assurance.settings import Settings
from oic_assurance.warehouse import rewriting
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.embedded import server_port
from oic_assurance.warehouse.fingerprint import fingerprint_audited
from oic_assurance.warehouse.locks import PUBLISHING, take
from oic_assurance.warehouse.secrets import secret
from tests.commands import shown
from tests.databases import Prepared, administrator
from tests.integration.asking import ask
from tests.integration.publishing.limited_readers import published_with_history
from tests.integration.publishing.marts import (
    FORCE,
    as_reader,
    audited_build,
)

pytestmark = pytest.mark.slow

BECAUSE = "a laptop with the key was lost"
#: An officer who is in no mart, but is named in the result of a check.
NAMED = "0123456789abcdef" * 2
NUMBERS = {f"K{n}": f"00000{n}" for n in range(1, 10)} | {NAMED: "000099"}
TABLES_WITH_KEYS = {
    "dim_officer",
    "assurance_exception",
    "assurance_exception_history",
    "fct_nccu_referral",
    "fct_intelligence_report",
    "fct_training_requirement",
}


def publish_three(settings: Settings) -> None:
    """Prepare three publications, the first of them detached, that name officers with numbers."""
    with connect(settings, role="oic_landing") as conn:
        for key, number in NUMBERS.items():
            conn.execute(
                "insert into identity.pseudonym values (%s, 'employee_no', %s, %s, 1)",
                (FORCE, number, key),
            )
    for _ in range(3):
        published_with_history(settings)
    runs.close_interrupted(settings)
    assert detach_old(settings, attached=2).detached == [1]
    ask(
        settings,
        """
        insert into audit.failing_row (result_id, position, row_key)
        select min(result_id), 1, jsonb_build_object('officer_key', %s::text)
        from audit.expectation_result
        """,
        NAMED,
    )
    observed = "update audit.expectation_result set observed = %s where result_id = 1"
    ask(settings, observed, f"officer {NAMED} twice")


def with_its_own_key(settings: Settings, folder: Path) -> Settings:
    """Return settings with another state folder, whose pseudonym key is its own."""
    own = dataclasses.replace(settings, home=folder / "state", pg_port=server_port(settings))
    shutil.copytree(
        settings.secrets_dir, own.secrets_dir, ignore=shutil.ignore_patterns("pseudonym_key*")
    )
    secret(own, "pseudonym_key")
    return own


@pytest.fixture
def force(prepared: Prepared, tmp_path: Path) -> Iterator[Settings]:
    """A warehouse with its own secrets folder and three publications, one of them detached."""
    with prepared.copy(publish_three) as settings:
        yield with_its_own_key(settings, tmp_path)


def value(settings: Settings, query: str) -> object:
    [(found,)] = ask(settings, query)
    return found


def changed_tables(settings: Settings, publication_id: int) -> list[str]:
    """Return the tables of a publication that are not as they are on record."""
    with administrator(settings) as conn:
        present = present_tables(conn, MARTS, publication_id)
        names = {MARTS.partition(name, publication_id): name for name in present}
        stored = fingerprint_audited(
            conn, GENERATION, {name: present[mart] for name, mart in names.items()}
        )
    return [names[name] for name, found in stored.items() if found != present[names[name]]]


def officers(settings: Settings, table: str, publication_id: int) -> list[str]:
    """Return the pseudonyms of a published table, in the order of its rows."""
    name = MARTS.partition(table, publication_id)
    with administrator(settings) as conn:
        rows = conn.execute(
            sql.SQL("select officer_key from {}").format(sql.Identifier(GENERATION, name))
        ).fetchall()
    return [key for (key,) in rows]


def check_rekeyed(settings: Settings) -> None:
    """Check everything that must be true after one complete re-keying."""
    key = (settings.secrets_dir / "pseudonym_key").read_text()
    new = {old: pseudonym(key, FORCE, "employee_no", number) for old, number in NUMBERS.items()}
    with administrator(settings) as conn:
        check_no_rekey(conn)
        version = current_version(conn)
        assert (version.version, version.form) == (2, 2)
        assert is_key_of(conn, version, key)
        stored = conn.execute(
            "select identifier, officer_key, key_version from identity.pseudonym order by 1"
        ).fetchall()
        assert stored == sorted((NUMBERS[old], new[old], 2) for old in NUMBERS)
        events = conn.execute(
            "select officer_key, exception_key, md5(exception_code || '|' || record_ref || '|' ||"
            " officer_key) from audit.exception_event"
        ).fetchall()
        assert events
        assert all(stored == computed for _, stored, computed in events)
    shown = {key for number in (1, 2, 3) for key in officers(settings, "dim_officer", number)}
    assert {key for key, _, _ in events} <= {*new.values(), *shown}
    assert value(settings, "select row_key ->> 'officer_key' from audit.failing_row") == new[NAMED]
    observed = "select observed from audit.expectation_result where result_id = 1"
    assert value(settings, observed) == f"officer {new[NAMED]} twice"
    assert value(settings, "select count(*) from identity.key_change") == 0
    assert value(settings, "select count(*) from audit.rekey where finished_at is not null") == 1
    assert value(settings, "select count(*) from audit.rekey") == 1
    assert not (settings.secrets_dir / "pseudonym_key.next").exists()
    for publication_id in (1, 2, 3):
        check_publication(settings, publication_id, set(new.values()))
    found = read_status(settings)
    assert found.is_well
    assert found.rekeys[0].left_in == []


def check_publication(settings: Settings, publication_id: int, known: set[str]) -> None:
    keys = officers(settings, "dim_officer", publication_id)
    assert len(keys) == 10
    assert len(set(keys) & known) == 9
    assert not [key for key in keys if key.startswith("K")]
    assert changed_tables(settings, publication_id) == []
    changed = "select table_name from audit.rekeyed_table where publication_id = %s"
    assert {name for (name,) in ask(settings, changed, publication_id)} == TABLES_WITH_KEYS


def test_every_pseudonym_is_replaced_and_nothing_else(force: Settings) -> None:
    earlier = (force.secrets_dir / "pseudonym_key").read_text()
    told: list[str] = []
    done = rekey(force, BECAUSE, tell=told.append)
    assert (done.pseudonyms, done.without_number) == (10, 1)
    assert told == [
        "The new pseudonyms are computed.",
        "The current publication and the history of exceptions are changed.",
        "Publication 2 is changed.",
        "Publication 1 is changed.",
        "Files are changed, and the tables are searched for earlier keys.",
    ]
    check_rekeyed(force)
    stored = force.secrets_dir / "pseudonym_key"
    assert stored.read_text() != earlier
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert clean(force) is None
    assert value(force, "select count(*) from audit.rekey where cleaned_at is not null") == 1
    logged = "select string_agg(what, ' / ' order by log_id) from audit.processing_log"
    assert f"from version 1 of their key to version 2: {BECAUSE}" in str(value(force, logged))
    assert f"before and after: {done.evidence}" in str(value(force, logged))
    # The publications still work: the detached one can be attached again and shown.
    rollback(force, 1, "to see whether it works")
    with as_reader(force, "bi") as reader:
        joined = reader.execute(
            "select count(*) from marts.fct_training_requirement"
            " join marts.dim_officer using (publication_id, force_code, officer_key)"
        ).fetchone()
    assert joined == (10,)


def test_a_second_re_keying_follows_the_first(force: Settings) -> None:
    rekey(force, BECAUSE)
    first = officers(force, "dim_officer", 3)
    done = rekey(force, "once more")
    assert (done.from_version, done.to_version) == (2, 3)
    # One officer's number was erased. This officer therefore gets a random pseudonym again.
    assert (done.pseudonyms, done.without_number) == (10, 1)
    assert not set(first) & set(officers(force, "dim_officer", 3))
    assert [changed_tables(force, publication_id) for publication_id in (1, 2, 3)] == [[], [], []]


def test_a_column_added_later_does_not_break_a_re_keying(force: Settings) -> None:
    for table in ("dim_officer", "fct_training_requirement"):
        ask(force, f"alter table marts.{table} add column more text", login="oic_publish")
    ask(force, f"update {GENERATION}.dim_officer__2 set more = 'x'", login="oic_publish")
    for _ in range(2):
        rekey(force, BECAUSE)
    assert [changed_tables(force, number) for number in (2, 3)] == [["dim_officer"], []]


def test_an_altered_table_does_not_become_right_by_a_re_keying(force: Settings) -> None:
    altered = f"update {GENERATION}.fct_training_requirement__2 set is_complete = true"
    ask(force, altered, login="oic_publish")
    rekey(force, BECAUSE)
    assert changed_tables(force, 2) == ["fct_training_requirement"]


def test_a_changed_record_of_a_re_keying_is_found(force: Settings) -> None:
    rekey(force, BECAUSE)
    with administrator(force) as conn:
        conn.execute(
            "update audit.rekeyed_table set fingerprint_after = md5('x')"
            " where publication_id = 1 and table_name = 'dim_officer'"
        )
    found = read_status(force)
    assert found.rekeys[0].evidence_holds is False
    assert not found.is_well
    [note] = shown(force, "access", "pseudonyms")["notes"]
    assert "the tables' fingerprints was CHANGED" in note


# ---------------------------------------------------------------- keys


def test_the_environment_can_give_the_new_key(
    force: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = "7yH0pO2zQwErTyUiOpAsDfGhJkLzXcVbNm123456"
    monkeypatch.setenv("ASSURANCE_PSEUDONYM_KEY", given)
    rekey(force, BECAUSE)
    assert not (force.secrets_dir / "pseudonym_key").exists()
    assert value(
        force, "select officer_key from identity.pseudonym where identifier = '000001'"
    ) == pseudonym(given, FORCE, "employee_no", "000001")
    with pytest.raises(UsageError, match="still has the key of version 2"):
        rekey(force, BECAUSE)
    monkeypatch.setenv("ASSURANCE_PSEUDONYM_KEY", given[::-1])
    with pytest.raises(AssuranceError, match="is not the key of version 2"):
        assign_pseudonyms(force)
    assert read_status(force).key_is_right is False


@pytest.mark.parametrize("weak", ["1", "a" * 64, "short-but-mixed-9Z", "01" * 40])
def test_a_weak_key_is_refused(force: Settings, monkeypatch: pytest.MonkeyPatch, weak: str) -> None:
    monkeypatch.setenv("ASSURANCE_PSEUDONYM_KEY", weak)
    with pytest.raises(UsageError, match=r"too easy to guess|characters") as raised:
        rekey(force, BECAUSE)
    assert weak not in raised.value.message or weak == "1"
    assert value(force, "select count(*) from audit.rekey") == 0
    assert officers(force, "dim_officer", 3)[0].startswith("K")


# ---------------------------------------------------------------- what re-keying waits for


def test_a_re_keying_needs_a_reason_and_pseudonyms(force: Settings) -> None:
    for because in (None, "  "):
        with pytest.raises(UsageError, match="needs a reason"):
            rekey(force, because)
    ask(force, "delete from identity.pseudonym")
    with pytest.raises(UsageError, match="nothing to re-key"):
        rekey(force, BECAUSE)


def test_a_run_that_has_not_ended_and_a_publication_in_progress_refuse_it(
    force: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.open_run(force, "the night run", utc_now())
    with pytest.raises(AssuranceError, match="Run the night run has not ended"):
        rekey(force, BECAUSE)
    monkeypatch.setattr(module, "PATIENCE", "200ms")
    with connect(force, role="oic_publish", autocommit=True) as other:
        take(other, PUBLISHING)
        with pytest.raises(AssuranceError, match="is under way: wait until it ends"):
            rekey(force, BECAUSE, run_was_killed=True)
    rekey(force, BECAUSE, run_was_killed=True)
    check_rekeyed(force)


def test_nothing_that_needs_pseudonyms_works_while_it_is_unfinished(force: Settings) -> None:
    build = audited_build(force)
    runs.close_interrupted(force)
    with patch.object(module, "_switch", side_effect=RuntimeError), pytest.raises(RuntimeError):
        rekey(force, BECAUSE)
    works = (
        lambda: assign_pseudonyms(force),
        lambda: publish(force, build),
        lambda: rollback(force, 2, "to try it"),
    )
    for work in works:
        with pytest.raises(AssuranceError, match="being re-keyed to version 2"):
            work()
    assert not read_status(force).is_well
    rekey(force, None)
    check_rekeyed(force)
    # The candidate had earlier pseudonyms, so it was dropped.
    with pytest.raises(AssuranceError, match="is not published"):
        publish(force, build)


# ---------------------------------------------------------------- readers


@contextmanager
def reading(settings: Settings, faults: list[str], count: list[int]) -> Iterator[None]:
    """Read the marts without pause during the block, and count the transactions.

    A transaction must not see both earlier and new pseudonyms. If it does, `faults` gets a line.
    """
    stop = threading.Event()

    def read() -> None:
        with as_reader(settings, "bi") as reader:
            while not stop.is_set():
                with reader.transaction():
                    officers = reader.execute("select officer_key from marts.dim_officer")
                    known = {key for (key,) in officers.fetchall()}
                    named = reader.execute("select officer_key from marts.fct_nccu_referral")
                    facts = {key for (key,) in named.fetchall()}
                    is_old = {key.startswith("K") for key in known | facts}
                    if len(known) != 10 or not facts <= known or len(is_old) != 1:
                        faults.append(f"{len(known)} officers, {is_old}")
                    count[0] += 1

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_readers_see_earlier_keys_or_new_keys_and_wait_for_nothing(force: Settings) -> None:
    faults: list[str] = []
    count = [0]
    with reading(force, faults, count):
        rekey(force, BECAUSE)
        at_the_end = count[0]
    assert faults == []
    assert at_the_end > 10


def test_a_long_query_does_not_hold_it_up_and_is_not_disturbed(
    force: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewriting, "PATIENCE_SECONDS", 0.5)
    with as_reader(force, "bi") as reader:
        before = reader.execute("select officer_key from marts.dim_officer order by 1").fetchall()
        rekey(force, BECAUSE)
        after = reader.execute("select officer_key from marts.dim_officer order by 1").fetchall()
        assert after == before
        # Dead rows cannot be removed while a reader may still need them.
        waits_for = clean(force)
        assert waits_for is not None
        assert "readers of generation." in waits_for
        assert "the next run" in shown(force, "access", "rekey")["next"]
    assert clean(force) is None
    check_rekeyed(force)


# ---------------------------------------------------------------- kills

KILLED_AT = """
import importlib, os, signal, sys
from oic_assurance.settings import load_settings
place, number = sys.argv[1], int(sys.argv[2])
name, _, attribute = place.rpartition(".")
owner = importlib.import_module(name)
real, calls = getattr(owner, attribute), [0]
def killed(*arguments, **options):
    calls[0] += 1
    if calls[0] == abs(number):
        if number < 0:
            real(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **options)
setattr(owner, attribute, killed)
from oic_assurance.operations.pseudonyms import clean, rekey
rekey.rekey(load_settings(), "a laptop with the key was lost")
clean.clean(load_settings())
"""
_ROOM = "oic_assurance.operations.pseudonyms"
#: Where the process is killed: before the n-th call of a function, or after that call if n is
#: negative.
EDGES = [
    ("rekey.choose_key", -1, "the key is generated, the transaction is not committed"),
    ("rekey.list_changes", -1, "the list of changes is made, but not committed"),
    ("rekey._switch", 1, "begun"),
    ("rekey.replace_keys_in_texts", -1, "in the switch"),
    ("rekey._switch", -1, "switched"),
    ("rekey.rekey_publication", -2, "in the second publication"),
    ("rekey.rekey_publication", 3, "between two publications"),
    ("rekey._finish", 1, "all publications are done"),
    ("rekey.replace_keys_in_files", -1, "files are done"),
    ("rekey.install_key", -1, "the new key is in place"),
    ("rekey.evidence_of", -1, "in the last transaction"),
    ("rekey._finish", -1, "finished"),
    ("clean.leave_no_trace", -1, "cleaned, but not on record"),
]


@pytest.mark.parametrize(
    ("place", "number"), [pytest.param(place, number, id=name) for place, number, name in EDGES]
)
def test_a_re_keying_that_is_killed_goes_on(force: Settings, place: str, number: int) -> None:
    environment = os.environ | {
        "PYTHONPATH": f"{force.project_root}/include:{force.project_root}",
        "ASSURANCE_HOME": str(force.home),
    }
    process = subprocess.run(
        [sys.executable, "-c", KILLED_AT, f"{_ROOM}.{place}", str(number)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == -signal.SIGKILL, process.stderr
    # Each publication has only earlier or only new pseudonyms, and readers can use the current
    # publication.
    for publication_id in (1, 2, 3):
        keys = {
            key.startswith("K")
            for table in TABLES_WITH_KEYS
            for key in officers(force, table, publication_id)
        }
        assert len(keys) == 1
    assert ask(force, "select count(*) from marts.dim_officer", login="bi_reader") == [(10,)]
    current = current_publication(force)
    assert current is not None
    assert current.publication_id == 3
    finished = value(force, "select count(*) from audit.rekey where finished_at is not null")
    rekey(force, None if finished or value(force, "select count(*) from audit.rekey") else BECAUSE)
    assert clean(force) is None
    check_rekeyed(force)
    assert value(force, "select count(*) from audit.rekey where cleaned_at is null") == 0


# ---------------------------------------------------------------- the command


def test_the_command_re_keys_and_shows_the_state(
    force: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSURANCE_HOME", str(force.home))
    # The handmade pseudonyms were not made with the key, so the command reports a problem at first.
    assert run_command(["access", "pseudonyms", "--json"]) == 1
    before = json.loads(capsys.readouterr().out)
    assert (before["key"]["version"], before["key"]["pseudonyms"], before["rekeys"]) == (1, 10, [])
    assert before["key"]["key_is_right"] is False
    assert run_command(["access", "rekey"]) == 2
    assert "needs a reason: give it with --reason" in capsys.readouterr().err
    assert run_command(["access", "rekey", "--reason", BECAUSE]) == 0
    done = capsys.readouterr()
    assert "Publication 2 is changed." in done.err
    said = " ".join(done.out.split())
    assert "from version 1 to version 2" in said
    assert "pseudonyms 10 without number 1" in said
    key = (force.secrets_dir / "pseudonym_key").read_text()
    assert key not in done.out + done.err
    assert run_command(["access", "pseudonyms"]) == 0
    text = capsys.readouterr().out
    assert BECAUSE in text
    assert key not in text
    after = shown(force, "access", "pseudonyms")
    about = after["key"]
    assert (about["version"], about["pseudonyms"], about["of_earlier_versions"]) == (2, 10, 0)
    assert (about["has_force"], about["key_is_right"], about["is_well"]) == (True, True, True)
    assert after["rekeys"][0]["because"] == BECAUSE
    check_rekeyed(force)


# ---------------------------------------------------------------- upgrade


def test_pseudonyms_from_before_keep_their_form_until_a_re_keying(
    fresh_warehouse: Settings, tmp_path: Path
) -> None:
    settings = with_its_own_key(fresh_warehouse, tmp_path)
    key = secret(settings, "pseudonym_key")
    old = pseudonym(key, FORCE, "employee_no", "000001", form=1)
    with administrator(settings) as conn:
        # This is how migration 0031 leaves a deployment that had pseudonyms.
        conn.execute("update audit.pseudonym_key set form = 1, made_at = null")
        conn.execute(
            "insert into identity.pseudonym values (%s, 'employee_no', '000001', %s, 1)",
            (FORCE, old),
        )
    assert assign_pseudonyms(settings) == 0
    recorded = value(settings, "select check_value from audit.pseudonym_key")
    assert recorded == check_value(key, 1)
    assert not read_status(settings).has_force
    found = shown(settings, "access", "pseudonyms")
    assert not found["key"]["has_force"]
    assert "`assurance access rekey`" in found["next"]
    rekey(settings, "the force must be in the pseudonyms")
    new = (settings.secrets_dir / "pseudonym_key").read_text()
    stored = value(settings, "select officer_key from identity.pseudonym")
    assert stored == pseudonym(new, FORCE, "employee_no", "000001")
    assert read_status(settings).has_force


def test_another_key_than_that_of_the_pseudonyms_is_refused_at_the_first_use(
    fresh_warehouse: Settings, tmp_path: Path
) -> None:
    settings = with_its_own_key(fresh_warehouse, tmp_path)
    with administrator(settings) as conn:
        conn.execute("update audit.pseudonym_key set form = 1, made_at = null")
        conn.execute(
            "insert into identity.pseudonym values (%s, 'employee_no', '1', %s, 1)",
            (FORCE, pseudonym("another key", FORCE, "employee_no", "1", form=1)),
        )
    with pytest.raises(AssuranceError, match="is not the key of version 1"):
        assign_pseudonyms(settings)
    (settings.secrets_dir / "pseudonym_key").unlink()
    with pytest.raises(AssuranceError, match="is not the key of version 1"):
        assign_pseudonyms(settings)
    assert not (settings.secrets_dir / "pseudonym_key").exists()
