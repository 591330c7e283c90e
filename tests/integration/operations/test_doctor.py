"""The doctor's looks at one machine: server, versions, clock, disk, secrets, commands.

Each look finds a good state and a bad one, and says what to do.
"""

import dataclasses
import os
import shutil
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from oic_assurance import clock
from oic_assurance.cli.main import run_command
from oic_assurance.operations.doctor import machine, warehouse
from oic_assurance.operations.doctor.looks import LOOKS
from oic_assurance.platform import looks as above
from oic_assurance.platform.process_lock import only_one
from oic_assurance.settings import PROJECT_ROOT, Settings
from oic_assurance.state.observed import Finding, Look, State, take
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.programs import bin_dir
from oic_assurance.warehouse.secrets import secret
from tests.commands import shown
from tests.databases import administrator
from tests.integration.reporting.test_monitoring import healthy, old

__all__ = ["healthy", "old"]


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


def test_the_rest_is_looked_at_when_the_server_is_down(own: Settings) -> None:
    assert warehouse.answers(own)
    assert states(warehouse.look_at_server(own)) == {"warehouse": "ok"}
    embedded.stop(own)
    assert not warehouse.answers(own)
    down = the(warehouse.look_at_server(own), "warehouse")
    assert (down.state, down.todo) == ("failed", "`assurance db start`")
    for look in LOOKS:
        found = [(one.subject, one.state) for one in take(look, own, answers=False).findings]
        assert (found == [(look.subject, "unknown")]) == look.needs_warehouse, look


def test_a_look_that_fails_does_not_stop_the_others(settings: Settings) -> None:
    def broken(_: Settings) -> Iterator[Finding]:
        yield Finding("first", "ok", "fine")
        raise PermissionError(13, "Permission denied", "place")

    first, second = take(Look("A", "a", broken, ()), settings).findings
    assert (first.state, second.state) == ("ok", "unknown")
    assert "Permission denied" in second.what


def looks_find(patch: pytest.MonkeyPatch, *findings: Finding) -> None:
    """Let `assurance doctor` find only this."""
    look = Look("Server", "one", lambda _: findings, ())
    patch.setattr("oic_assurance.cli.doctor.LOOKS", (look,))
    for place in ("oic_assurance.cli.doctor.PROOFS", "oic_assurance.platform.looks.LOOKS"):
        patch.setattr(place, ())


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
    looks_find(monkeypatch, *(Finding(state, state, "what") for state in given))
    assert run_command(["doctor"]) == code


def test_what_the_record_says_is_shown_and_counts_too(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_RUN_DEADLINE", "23:59")
    looks_find(monkeypatch, Finding("one", "ok", "what"))
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
    looks_find(monkeypatch, Finding("warehouse", "ok", "it answers " * 12), clock_is_wrong)
    assert run_command(["doctor"]) == 1
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= columns
    assert text.count("Server\n") == 1
    assert "→ `timedatectl status`" in text
    assert text.endswith("2 findings: 1 ok, 1 attention.\n")


# ------------------------------------------------------------ versions


def test_packages_are_compared_with_the_lock(settings: Settings, tmp_path: Path) -> None:
    assert states(machine.look_at_python(settings)) == {"Python": "ok", "packages": "ok"}
    changed = dataclasses.replace(settings, project_root=tmp_path)
    assert states(machine.look_at_python(changed))["packages"] == "unknown"
    lock = (PROJECT_ROOT / "requirements.lock").read_text(encoding="utf-8")
    here = f"psycopg=={psycopg.__version__}"
    assert here in lock
    (tmp_path / "requirements.lock").write_text(lock.replace(here, "psycopg==0.1"), "utf-8")
    other = the(machine.look_at_python(changed), "packages")
    assert other.state == "advice"
    assert f"psycopg {psycopg.__version__} (locked: 0.1)" in other.what
    assert other.todo == "`make setup`"
    with (tmp_path / "requirements.lock").open("a", encoding="utf-8") as file:
        file.write("heron==1.0 \\\n    --hash=sha256:00\n")
    assert the(machine.look_at_python(changed), "packages").state == "failed"


def test_the_programs_for_back_ups_must_be_of_the_servers_version(
    settings: Settings, tmp_path: Path
) -> None:
    assert states(machine.look_at_postgres(settings)) == {"PostgreSQL": "ok"}
    folder = tmp_path / "bin"
    shutil.copytree(bin_dir(settings), folder, symlinks=True)
    (folder / "postgres").unlink()
    (folder / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 16.4'\n", "ascii")
    (folder / "postgres").chmod(0o755)
    older = dataclasses.replace(settings, pg_bin=folder)
    found = the(machine.look_at_postgres(older), "PostgreSQL")
    assert found.state == "failed"
    assert "programs for back-ups 16" in found.what
    assert "ASSURANCE_PG_BIN" in found.todo


def test_migrations_are_compared_with_the_code(fresh_warehouse: Settings) -> None:
    assert states(warehouse.look_at_migrations(fresh_warehouse)) == {"migrations": "ok"}
    last = "(select max(number) from audit.schema_migration)"
    with administrator(fresh_warehouse, autocommit=True) as connection:
        connection.execute(f"delete from audit.schema_migration where number = {last}".encode())
        behind = the(warehouse.look_at_migrations(fresh_warehouse), "migrations")
        assert (behind.state, behind.todo) == ("advice", "`assurance db start`")
        connection.execute(
            "insert into audit.schema_migration (number, name, checksum) values (9999, 'x', 'y')"
        )
        newer = the(warehouse.look_at_migrations(fresh_warehouse), "migrations")
    assert newer.state == "failed"
    assert "newer than this code" in newer.what


# ------------------------------------------------------------ clock


def test_a_run_in_the_future_shows_that_a_clock_was_set_back(fresh_warehouse: Settings) -> None:
    assert states(machine.look_at_clock(fresh_warehouse)) == {"this machine": "ok"}
    with administrator(fresh_warehouse, autocommit=True) as connection:
        connection.execute(
            "insert into audit.run (run_id, as_at, started_at) values ('r', now(), %s)",
            (clock.utc_now() + timedelta(hours=2),),
        )
    [found] = machine.look_at_clock(fresh_warehouse)
    assert found.state == "failed"
    assert "the clock was set back" in found.what


# ------------------------------------------------------------ disk


def test_the_folder_of_back_ups_must_be_there(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(states(machine.look_at_disk(settings))) == {"state folder"}
    monkeypatch.setenv("ASSURANCE_BACKUPS", str(tmp_path))
    assert states(machine.look_at_disk(settings))["back-ups"] == "ok"
    monkeypatch.setenv("ASSURANCE_BACKUPS", str(tmp_path / "missing"))
    found = the(machine.look_at_disk(settings), "back-ups")
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


def test_a_secret_is_for_one_account(private: Settings) -> None:
    good = list(machine.look_at_secrets(private))
    assert states(good) == {"secrets": "ok", "key of pseudonyms": "ok"}
    path = private.secrets_dir / "pseudonym_key"
    assert all(path.read_text() not in finding.what for finding in good)
    path.chmod(0o644)
    found = the(machine.look_at_secrets(private), "pseudonym_key")
    assert (found.state, found.todo) == ("failed", f"`chmod 600 {path}`")
    path.chmod(0o600)
    private.secrets_dir.chmod(0o755)
    found = the(machine.look_at_secrets(private), "secrets")
    assert (found.state, found.todo) == ("failed", f"`chmod 700 {private.secrets_dir}`")


def test_a_key_that_can_be_guessed_is_found(
    private: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_PSEUDONYM_KEY", "heron" * 8)
    found = the(machine.look_at_secrets(private), "key of pseudonyms")
    assert found.state == "failed"
    assert "too easy to guess" in found.what
    assert "heron" not in found.what


# ------------------------------------------------------------ commands and notifications


def test_a_running_command_is_shown_and_an_ended_one_is_not(private: Settings) -> None:
    assert states(above.look_at_commands(private)) == {"running commands": "ok"}
    with only_one(private, "run"):
        running = the(above.look_at_commands(private), "running commands")
        assert running.what == f"`assurance run` (process {os.getpid()})"
    assert "no command" in the(above.look_at_commands(private), "running commands").what


def test_somebody_must_be_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert states(above.look_at_notifications(settings)) == {"notifications": "advice"}
    monkeypatch.setenv("ASSURANCE_NOTIFY_WEBHOOK", "https://chat.example/secret-path")
    found = the(above.look_at_notifications(settings), "notifications")
    assert (found.state, found.what) == ("ok", "webhook to chat.example")
    monkeypatch.setenv("ASSURANCE_NOTIFY_WEBHOOK", "http://chat.example/secret-path")
    found = the(above.look_at_notifications(settings), "notifications")
    assert found.state == "failed"
    assert "secret-path" not in found.what
