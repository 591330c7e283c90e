"""Checks of machines and of the warehouse: versions, clocks, disk, secrets, rights.

Each check finds a good state and a bad one, and says what to do.
"""

import dataclasses
import gzip
import os
import shutil
import socket
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest

from oic_assurance import clock, pipeline
from oic_assurance.builds.host_secrets import marks_of_hosts
from oic_assurance.builds.stages import on_record
from oic_assurance.cli.main import run_command
from oic_assurance.errors import UsageError
from oic_assurance.landing.erased_keys import SECRET as ERASURE_KEY
from oic_assurance.operations.doctor import machine, programs, registry, warehouse
from oic_assurance.operations.doctor.checks import (
    Check,
    Finding,
    Measured,
    State,
    answers,
    forget,
    measure,
    record,
)
from oic_assurance.operations.doctor.machine import measure_hosts
from oic_assurance.settings import HOST_NAME, PROJECT_ROOT, Settings
from oic_assurance.state.read import Problem, open_problems
from oic_assurance.warehouse import clocks, embedded
from oic_assurance.warehouse.encryption import new_identity
from oic_assurance.warehouse.migrate import migrate
from oic_assurance.warehouse.process_lock import only_one
from oic_assurance.warehouse.processing_log import SECRET as LOG_KEY
from oic_assurance.warehouse.programs import bin_dir
from oic_assurance.warehouse.secrets import secret, variable_name
from oic_assurance.warehouse.versions import LAST_BEFORE
from tests.commands import shown
from tests.databases import administrator
from tests.integration.asking import ask
from tests.integration.reporting.test_monitoring import healthy, old

__all__ = ["healthy", "old"]


# ------------------------------------------------------------ archive

_BATCH = """
insert into audit.batch (
    run_id, force_code, dataset, source_place, kind, delivered_for, status, kept_as, sha256
)
values ('r', 'E23000022', 'hr/personnel', 'x', 'file', now(), 'landed', 'batches/doctor.gz', 'x')
"""


KEYS = {ERASURE_KEY: token_hex(32), LOG_KEY: token_hex(32)}


def states(findings: Iterable[Finding]) -> dict[str, State]:
    return {finding.subject: finding.state for finding in findings}


def the(findings: Iterable[Finding], subject: str) -> Finding:
    [found] = [finding for finding in findings if finding.subject == subject]
    return found


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Settings]:
    """An installation of its own, whose server runs."""
    home = tmp_path / "state"
    home.mkdir(mode=0o700)
    (home / "dropzone").mkdir()
    settings = dataclasses.replace(
        Settings(home, PROJECT_ROOT, f"file://{home}/dropzone", "E23000022")
    )
    embedded.start(settings)
    yield settings
    embedded.stop(settings)


def test_the_rest_is_checked_when_the_server_is_down(own: Settings) -> None:
    assert answers(own)
    assert states(warehouse.measure_server(own)) == {"warehouse": "ok"}
    embedded.stop(own)
    assert not answers(own)
    down = the(warehouse.measure_server(own), "warehouse")
    assert (down.state, down.todo) == ("failed", "`assurance db start`")
    for one in measure(own, registry.OFTEN):
        found = [(finding.subject, finding.state) for finding in one.findings]
        assert (found == [(one.check.name, "unknown")]) == one.check.needs_warehouse, one


def test_a_check_that_fails_does_not_stop_the_next(settings: Settings) -> None:
    def broken(_: Settings) -> Iterator[Finding]:
        yield Finding("first", "ok", "fine")
        raise PermissionError(13, "Permission denied", "place")

    [measured] = measure(settings, [Check("A", "a", broken, ())])
    first, second = measured.findings
    assert (first.state, second.state) == ("ok", "unknown")
    assert "Permission denied" in second.what


def checks_find(patch: pytest.MonkeyPatch, *findings: Finding) -> None:
    """Let `assurance doctor` find only this."""
    check = Check("Server", "one", lambda _: findings, ())
    patch.setattr("oic_assurance.cli.doctor.CHECKS", (check,))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["ok"], 0),
        (["ok", "unknown"], 1),
        (["ok", "advice"], 1),
        (["ok", "attention", "unknown"], 1),
        (["ok", "attention", "failed", "unknown"], 2),
    ],
)
def test_the_exit_code_says_what_is_worst(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch, given: list[State], code: int
) -> None:
    checks_find(monkeypatch, *(Finding(state, state, "what") for state in given))
    assert run_command(["doctor"]) == code


def test_what_the_record_says_is_shown_and_counts_too(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_RUN_DEADLINE", "23:59")
    checks_find(monkeypatch, Finding("one", "ok", "what"))
    found = shown(fresh_warehouse, "doctor")
    assert [one["problem_code"] for one in found["problems"]] == ["unpublished"]
    assert run_command(["doctor"]) == 1


@pytest.mark.parametrize("columns", [80, 120])
def test_every_line_of_the_screen_fits(
    healthy: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    columns: int,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    clock_is_wrong = Finding("clock", "attention", "9.0 s", "`timedatectl status`")
    checks_find(monkeypatch, Finding("warehouse", "ok", "it answers " * 12), clock_is_wrong)
    assert run_command(["doctor"]) == 1
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= columns
    assert text.count("Server\n") == 1
    assert "→ `timedatectl status`" in text
    assert text.endswith("2 findings: 1 ok, 1 attention.\n")


# ------------------------------------------------------------ versions


def test_packages_are_compared_with_the_lock(settings: Settings, tmp_path: Path) -> None:
    assert states(machine.measure_python(settings)) == {"Python": "ok", "packages": "ok"}
    changed = dataclasses.replace(settings, project_root=tmp_path)
    assert states(machine.measure_python(changed))["packages"] == "unknown"
    lock = (PROJECT_ROOT / "requirements.lock").read_text(encoding="utf-8")
    here = f"psycopg=={psycopg.__version__}"
    assert here in lock
    (tmp_path / "requirements.lock").write_text(lock.replace(here, "psycopg==0.1"), "utf-8")
    other = the(machine.measure_python(changed), "packages")
    assert other.state == "advice"
    assert f"psycopg {psycopg.__version__} (locked: 0.1)" in other.what
    assert other.todo == "`make setup`"
    with (tmp_path / "requirements.lock").open("a", encoding="utf-8") as file:
        file.write("heron==1.0 \\\n    --hash=sha256:00\n")
    assert the(machine.measure_python(changed), "packages").state == "failed"


def test_the_programs_for_back_ups_must_be_of_the_servers_version(
    settings: Settings, tmp_path: Path
) -> None:
    assert states(machine.measure_postgres(settings)) == {"PostgreSQL": "ok"}
    folder = tmp_path / "bin"
    shutil.copytree(bin_dir(settings), folder, symlinks=True)
    (folder / "postgres").unlink()
    (folder / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 16.4'\n", "ascii")
    (folder / "postgres").chmod(0o755)
    older = dataclasses.replace(settings, pg_bin=folder)
    found = the(machine.measure_postgres(older), "PostgreSQL")
    assert found.state == "failed"
    assert "programs for back-ups 16" in found.what
    assert "ASSURANCE_PG_BIN" in found.todo


def test_migrations_are_compared_with_the_code(fresh_warehouse: Settings) -> None:
    assert states(warehouse.measure_migrations(fresh_warehouse)) == {"migrations": "ok"}
    with administrator(fresh_warehouse, autocommit=True) as connection:
        before = "update audit.schema_migration set number = 82, name = %s"
        connection.execute(before, (LAST_BEFORE,))
        behind = the(warehouse.measure_migrations(fresh_warehouse), "migrations")
        assert (behind.state, behind.todo) == ("advice", "`assurance db start`")
        migrate(fresh_warehouse)
        connection.execute(
            "insert into audit.schema_migration (number, name, checksum) values (9999, 'x', 'y')"
        )
        newer = the(warehouse.measure_migrations(fresh_warehouse), "migrations")
    assert newer.state == "failed"
    assert "newer than this code" in newer.what


# ------------------------------------------------------------ disk


def test_the_folder_of_back_ups_must_be_there(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(states(machine.measure_disk(settings))) == {"state folder"}
    monkeypatch.setenv("ASSURANCE_BACKUPS", str(tmp_path))
    assert states(machine.measure_disk(settings))["back-ups"] == "ok"
    monkeypatch.setenv("ASSURANCE_BACKUPS", str(tmp_path / "missing"))
    found = the(machine.measure_disk(settings), "back-ups")
    assert (found.state, found.todo) == ("failed", f"`mkdir -p {tmp_path / 'missing'}`")


# ------------------------------------------------------------ secrets


@pytest.fixture
def private(tmp_path: Path) -> Settings:
    """A state folder with one secret, without a server."""
    home = tmp_path / "private"
    home.mkdir(mode=0o700)
    settings = Settings(home, PROJECT_ROOT, f"file://{home}/dropzone", "E23000022")
    secret(settings, "pseudonym_key")
    return settings


def test_a_secret_is_for_one_account_and_cannot_be_guessed(
    private: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = list(machine.measure_secrets(private))
    assert states(good) == {"secrets": "ok", "key of pseudonyms": "ok"}
    with monkeypatch.context() as patch:
        patch.setenv("ASSURANCE_PSEUDONYM_KEY", "heron" * 8)
        found = the(machine.measure_secrets(private), "key of pseudonyms")
    assert found.state == "failed"
    assert "too easy to guess" in found.what
    assert "heron" not in found.what
    path = private.secrets_dir / "pseudonym_key"
    assert all(path.read_text() not in finding.what for finding in good)
    path.chmod(0o644)
    found = the(machine.measure_secrets(private), "pseudonym_key")
    assert (found.state, found.todo) == ("failed", f"`chmod 600 {path}`")
    path.chmod(0o600)
    private.secrets_dir.chmod(0o755)
    found = the(machine.measure_secrets(private), "secrets")
    assert (found.state, found.todo) == ("failed", f"`chmod 700 {private.secrets_dir}`")


# ------------------------------------------------------------ commands and notifications


def test_a_running_command_is_shown_and_an_ended_one_is_not(private: Settings) -> None:
    assert states(programs.measure_commands(private)) == {"running commands": "ok"}
    with only_one(private, "run"):
        running = the(programs.measure_commands(private), "running commands")
        assert running.what == f"`assurance run` (process {os.getpid()})"
    assert "no command" in the(programs.measure_commands(private), "running commands").what


def test_somebody_must_be_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert states(programs.measure_notifications(settings)) == {"notifications": "advice"}
    monkeypatch.setenv("ASSURANCE_NOTIFY_WEBHOOK", "https://chat.example/secret-path")
    found = the(programs.measure_notifications(settings), "notifications")
    assert (found.state, found.what) == ("ok", "webhook to chat.example")
    monkeypatch.setenv("ASSURANCE_NOTIFY_WEBHOOK", "http://chat.example/secret-path")
    found = the(programs.measure_notifications(settings), "notifications")
    assert found.state == "failed"
    assert "secret-path" not in found.what


# ------------------------------------------------------------ rights


def test_every_login_has_what_it_needs_and_no_more(fresh_warehouse: Settings) -> None:
    good = list(warehouse.measure_logins(fresh_warehouse))
    assert states(good)["logins"] == "ok"
    assert states(good)["server"] == "ok"
    assert states(warehouse.measure_readers(fresh_warehouse)) == {"bi_reader": "ok"}
    ask(fresh_warehouse, "grant execute on function lo_create(oid) to public")
    ask(fresh_warehouse, "alter role oic_gate createdb; grant oic_landing to oic_gate")
    try:
        found = list(warehouse.measure_logins(fresh_warehouse))
    finally:
        # The roles are those of the whole server.
        ask(fresh_warehouse, "alter role oic_gate nocreatedb; revoke oic_landing from oic_gate")
    first, second = (one for one in found if one.subject == "oic_gate")
    assert (first.state, second.state) == ("failed", "failed")
    assert "may create databases" in first.what
    assert "is a member of 'oic_landing'" in second.what
    assert the(found, "server").state == "failed"
    assert "assurance db hardening-sql" in the(found, "server").todo


def test_a_login_whose_password_is_not_known_is_found(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_OIC_GATE_PASSWORD", "another-Password-94711")
    monkeypatch.setenv("ASSURANCE_BI_READER_PASSWORD", "another-Password-94711")
    found = the(warehouse.measure_logins(fresh_warehouse), "oic_gate")
    assert (found.state, found.todo) == ("failed", "`assurance db start`")
    assert "another-Password" not in found.what
    assert states(warehouse.measure_readers(fresh_warehouse)) == {"bi_reader": "failed"}


@pytest.fixture
def archived(fresh_warehouse: Settings) -> Iterator[Path]:
    """The file of the newest batch."""
    ask(fresh_warehouse, f"set session_replication_role = replica; {_BATCH}")
    path = fresh_warehouse.home / "batches" / "doctor.gz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(b"heron"))
    yield path
    path.unlink(missing_ok=True)


def test_the_newest_batch_must_be_readable(fresh_warehouse: Settings, archived: Path) -> None:
    assert states(machine.measure_newest_batch(fresh_warehouse)) == {"newest batch": "ok"}
    archived.write_bytes(b"not compressed")
    found = the(machine.measure_newest_batch(fresh_warehouse), "newest batch")
    assert (found.state, found.todo) == ("failed", "`assurance batch verify`")
    archived.unlink()
    found = the(machine.measure_newest_batch(fresh_warehouse), "newest batch")
    assert found.state == "failed"
    assert "is missing" in found.what


def test_the_key_of_the_archive_must_be_readable(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert states(machine.measure_archive(settings))["key of the archive"] == "advice"
    key = tmp_path / "key"
    key.write_text(str(new_identity()), encoding="ascii")
    key.chmod(0o600)
    monkeypatch.setenv("ASSURANCE_ARCHIVE_KEY", str(key))
    assert states(machine.measure_archive(settings))["key of the archive"] == "ok"
    key.chmod(0o644)
    found = the(machine.measure_archive(settings), "key of the archive")
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
        [found] = machine.measure_backups(fresh_warehouse)
        return found.state

    # A force may back up its server in another way. Somebody has to say so once.
    for given in ("", " ", "yes", "not now"):
        monkeypatch.setenv("ASSURANCE_NO_BACKUPS", given)
        assert state() == "attention"
    monkeypatch.setenv("ASSURANCE_NO_BACKUPS", "the server's team makes them")
    [found] = machine.measure_backups(fresh_warehouse)
    assert (found.state, found.what.partition(": ")[2]) == ("ok", "the server's team makes them")
    # What is accepted is that none are made, and not that they stop.
    back_up(fresh_warehouse, tmp_path, 5)
    assert state() == "attention"
    back_up(fresh_warehouse, tmp_path, 1)
    assert state() == "ok"
    back_up(fresh_warehouse, tmp_path / "gone", 0)
    assert state() == "failed"


def test_a_back_up_that_is_not_seen_from_here_is_not_gone(
    fresh_warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the container that makes back-ups has their folder, as in docs/how-to/restore.md."""
    folder, hidden = tmp_path / "backups", tmp_path / "not mounted"

    def seen(container: str) -> Finding:
        monkeypatch.setattr(socket, "gethostname", lambda: container)
        found = measure(fresh_warehouse, [registry.BACKUP])
        record(fresh_warehouse, found)
        return found[0].findings[0]

    def problems() -> list[str]:
        codes = ("backup", "restore")
        return [one.what for one in open_problems(fresh_warehouse) if one.problem_code in codes]

    monkeypatch.delenv("ASSURANCE_NO_BACKUPS", raising=False)
    assert (seen("another").state, len(problems())) == ("attention", 1)
    ask(fresh_warehouse, "update audit.observation set observed_at = now() - interval '3 days'")
    (folder / "a").mkdir(parents=True)
    back_up(fresh_warehouse, folder / "a", 1)
    folder.rename(hidden)
    # Nobody who sees it has looked yet.
    assert (seen("another").state, problems()) == ("unknown", [])
    hidden.rename(folder)
    assert (seen("maker").state, problems()) == ("ok", [])
    folder.rename(hidden)
    found = seen("another")
    assert (found.state, problems()) == ("ok", [])
    assert "not seen from here" in found.what
    assert "@maker" in found.what
    # It is deleted, and whoever sees the folder says so. The other one says the same.
    shutil.rmtree(hidden / "a")
    hidden.rename(folder)
    assert seen("maker").state == "failed"
    folder.rename(hidden)
    assert (seen("another").state, len(problems())) == ("failed", 1)
    # A setting says that this container should see it.
    with monkeypatch.context() as patch:
        patch.setenv("ASSURANCE_BACKUPS", str(folder))
        assert seen("another").state == "failed"
    # Another back-up is made, and then nobody looks and nobody makes one.
    back_up(fresh_warehouse, folder / "b", 0)
    (hidden / "b").mkdir()
    hidden.rename(folder)
    assert (seen("maker").state, problems()) == ("ok", [])
    folder.rename(hidden)
    ask(fresh_warehouse, "update audit.backup set made_at = made_at - interval '3 days'")
    for _ in range(2):
        assert seen("another").state == "attention"
        [what] = problems()
        assert what.startswith("the newest is old: ")
        assert what.endswith("@maker)")


# ------------------------------------------------------------ interrupted work


def test_interrupted_work_is_found(fresh_warehouse: Settings) -> None:
    settings = fresh_warehouse
    assert states(warehouse.measure_leftovers(settings)) == {"interrupted work": "ok"}
    (settings.home / "drill").mkdir()
    try:
        assert (
            "is under way, or was interrupted"
            in the(warehouse.measure_leftovers(settings), "drill").what
        )
    finally:
        (settings.home / "drill").rmdir()


@pytest.fixture
def first(fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A host with the two keys, which has done a stage."""
    for name, key in KEYS.items():
        monkeypatch.setenv(variable_name(name), key)
    stage_on("first", fresh_warehouse, monkeypatch)
    return fresh_warehouse


def stage_on(host: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOST_NAME, host)
    with on_record(settings, "a run", "publish"):
        pass


def hosts_compared(settings: Settings) -> Finding:
    [found] = measure_hosts(settings)
    return found


def test_hosts_with_the_same_keys_are_well(
    first: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (hosts_compared(first).state, hosts_compared(first).what) == ("ok", "1 host compared")
    stage_on("second", first, monkeypatch)
    assert (hosts_compared(first).state, hosts_compared(first).what) == ("ok", "2 hosts compared")


def test_a_host_with_another_key_is_named_on_every_host(
    first: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(variable_name(ERASURE_KEY), token_hex(32))
        stage_on("second", first, patch)
        there = hosts_compared(first)
    for host in ("first", "third"):
        monkeypatch.setenv(HOST_NAME, host)
        here = hosts_compared(first)
        assert (here.state, here.subject) == ("failed", "keys of hosts")
        assert here.what.startswith("erasure_key differs: first")
        assert " / second" in here.what
    assert there.what == "erasure_key differs: first / second"
    # On that host, a process has the right key, and the last stage had not.
    monkeypatch.setenv(HOST_NAME, "second")
    advice, here = measure_hosts(first)
    assert (advice.subject, advice.state, here.state) == ("erasure_key", "advice", "ok")
    # The host has the right key again.
    stage_on("second", first, monkeypatch)
    assert hosts_compared(first).state == "ok"


def test_a_key_of_a_later_layer_is_compared_too(
    first: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in ("first", "second"):
        monkeypatch.setenv(variable_name(f"{ERASURE_KEY}_2"), token_hex(32))
        stage_on(host, first, monkeypatch)
    assert hosts_compared(first).what == "erasure_key_2 differs: first / second"


def test_no_key_is_stored_and_a_host_that_is_gone_is_forgotten(
    first: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = marks_of_hosts(first)
    assert {one.secret for one in marks} == set(KEYS)
    for key in KEYS.values():
        assert all(one.mark not in key for one in marks)
    ask(first, "update audit.host_secret set seen_at = now() - interval '49 hours'")
    assert marks_of_hosts(first) == []
    stage_on("second", first, monkeypatch)
    assert {one.host for one in marks_of_hosts(first)} == {"second"}
    rows = ask(first, "select distinct host from audit.host_secret")
    assert rows == [("second",)]


def fault(warehouse: Settings) -> str:
    """Let the watch compare the clocks, and return what the status and a notification tell."""
    clocks = [check for check in registry.OFTEN if check.codes == ("clock",)]
    record(warehouse, measure(warehouse, clocks))
    found = open_problems(warehouse)
    return " ".join(one.what for one in found if one.problem_code == "clock")


def shifted(patch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Let this machine's clock be wrong."""
    now = clock.utc_now
    for place in (clocks, clock):
        patch.setattr(place, "utc_now", lambda: now() + by)


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (timedelta(days=-9), "behind the server's"),
        (timedelta(minutes=9), "ahead of the server's"),
        (timedelta(seconds=-120), "120 seconds behind the server's"),
        (timedelta(seconds=120), "120 seconds ahead of the server's"),
    ],
)
def test_a_clock_that_differs_from_the_servers_is_told(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch, by: timedelta, words: str
) -> None:
    assert fault(fresh_warehouse) == ""
    shifted(monkeypatch, by)
    assert words in fault(fresh_warehouse)


@pytest.mark.parametrize("seconds", [(-300, 0), (0, 300)], ids=["slow question", "slow answer"])
def test_a_slow_answer_is_no_wrong_clock(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch, seconds: tuple[int, int]
) -> None:
    """The clock shows this before each question and after its answer."""
    now, shown_here = clock.utc_now, cycle(timedelta(seconds=one) for one in seconds)
    monkeypatch.setattr(clocks, "utc_now", lambda: now() + next(shown_here))
    assert fault(fresh_warehouse) == ""


def test_a_record_of_later_than_now_is_told(fresh_warehouse: Settings) -> None:
    with administrator(fresh_warehouse, autocommit=True) as connection:
        connection.execute(
            "insert into audit.run (run_id, as_at, started_at) values ('r', now(), %s)",
            (clock.utc_now() + timedelta(hours=2),),
        )
    assert "the clock was set back" in fault(fresh_warehouse)


def test_a_clock_that_is_ahead_makes_no_figures_for_the_future(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = clock.utc_now() + timedelta(days=1)
    shifted(monkeypatch, timedelta(days=2))
    with pytest.raises(UsageError, match="is later than now"):
        pipeline.open_run(fresh_warehouse, "r1", tomorrow)


def test_a_full_disk_of_the_server_keeps_nothing_off_the_screen(fresh_warehouse: Settings) -> None:
    with administrator(fresh_warehouse, autocommit=True) as connection:
        connection.execute(
            """
            create function audit.no_room() returns trigger language plpgsql as $$
            begin
                raise disk_full using message = 'could not extend file: No space left on device';
            end $$;
            create trigger no_room before insert on audit.observation
                for each row execute function audit.no_room();
            """
        )
    found = shown(fresh_warehouse, "doctor")
    [said] = [note for note in found["notes"] if "on record" in note]
    assert said == (
        "What was found cannot be put on record: could not extend file: No space left on device."
    )


# ------------------------------------------------------------ what a measurement belongs to


def measured(
    settings: Settings, kind: str, state: State, subject: str = "thing", *, is_whole: bool = True
) -> list[str]:
    """Record a finding, and return what the open problems of these kinds are about."""
    check = Check("Part", "a part", lambda _: [], (kind,))
    record(settings, [Measured(check, [Finding(subject, state, "w")], is_whole=is_whole)])
    return [one.subject for one in open_problems(settings) if one.problem_code == kind]


@pytest.mark.parametrize("kind", ["disk", "archive", "certificate", "drift", "clock", "source"])
def test_a_new_container_ends_what_another_one_found(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "3fa9c12b77de")
    assert measured(fresh_warehouse, kind, "failed") == ["thing"]
    monkeypatch.setattr(socket, "gethostname", lambda: "9bc1c12b77aa")
    assert measured(fresh_warehouse, kind, "ok") == []


@pytest.mark.parametrize(
    ("kind", "left"),
    [
        *[("certificate", []), ("drift", []), ("source", []), ("rights", [])],
        *[("disk", ["thing on first"]), ("clock", ["thing on first"])],
    ],
)
def test_each_host_has_its_own_disk_and_all_have_one_source(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch, kind: str, left: list[str]
) -> None:
    monkeypatch.setenv(HOST_NAME, "first")
    measured(fresh_warehouse, kind, "failed")
    monkeypatch.setenv(HOST_NAME, "second")
    assert measured(fresh_warehouse, kind, "ok") == left
    # A person gives the host a name that people know, and a setting is stronger.
    (fresh_warehouse.home / "host").write_text("second\n")
    monkeypatch.delenv(HOST_NAME)
    assert measured(fresh_warehouse, kind, "failed") == ["thing"]
    (fresh_warehouse.home / "host").write_text("first\n")
    measured(fresh_warehouse, kind, "ok")
    (fresh_warehouse.home / "host").unlink()


def test_what_could_not_be_measured_stays_as_it_was(fresh_warehouse: Settings) -> None:
    measured(fresh_warehouse, "drift", "failed", "a")
    assert measured(fresh_warehouse, "drift", "unknown", "a") == ["a"]
    assert measured(fresh_warehouse, "drift", "unknown", "b", is_whole=False) == ["a"]
    check = Check("Part", "a part", lambda _: [], ("drift", "source"))
    lost = Finding("connection rms", "failed", "w", code="source", hides_rest=True)
    record(fresh_warehouse, [Measured(check, [lost])])
    found = open_problems(fresh_warehouse)
    assert {("drift", "a"), ("source", "connection rms")} <= {
        (one.problem_code, one.subject) for one in found
    }
    assert measured(fresh_warehouse, "drift", "unknown", "b") == []


def test_a_host_that_nobody_measures_is_told(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> list[Problem]:
        return [one for one in open_problems(fresh_warehouse) if one.problem_code == "unseen"]

    monkeypatch.setattr(socket, "gethostname", lambda: "3fa9c12b77de")
    monkeypatch.setenv(HOST_NAME, "second")
    measured(fresh_warehouse, "disk", "ok", "state folder")
    ask(fresh_warehouse, "update audit.observation set observed_at = now() - interval '3 days'")
    # The watch does not run at all, which is another problem.
    assert told() == []
    monkeypatch.setenv(HOST_NAME, "first")
    measured(fresh_warehouse, "disk", "ok", "state folder")
    [one] = told()
    assert one.subject == "second"
    assert "@3fa9c12b77de): state folder (disk, was ok)" in one.what
    assert "doctor --forget second" in one.what_to_do
    with pytest.raises(UsageError, match="There is no host 'third'"):
        forget(fresh_warehouse, "third")
    assert shown(fresh_warehouse, "doctor", "--forget", "second")["notes"] == [
        "Forgotten: 1 measurement on second."
    ]
    assert told() == []
