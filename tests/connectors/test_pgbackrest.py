"""PostgreSQL is restored to a moment by pgBackRest, with the deployment's configuration."""

import json
import os
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from oic_assurance.settings import load_settings
from oic_assurance.warehouse.fingerprint import TableFingerprint, fingerprint_tables
from oic_assurance.warehouse.migrate import migrate
from tests.connectors.pgbackrest_server import PASSWORD, Server, started
from tests.end_to_end.page_commands import commands
from tests.end_to_end.terminal import Terminal
from tests.integration.landing.support import World
from tests.integration.publishing import marts
from tests.integration.publishing.marts import published

pytestmark = pytest.mark.slow
PEOPLE = "hr/personnel"
PAGE = "how-to/restore.md"
SCHEMAS = ("raw_general", "raw_law_enforcement", "audit", "identity", "marts", "generation")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with started() as server:
        yield server


class Force(World):
    """A dropzone, and a warehouse on the server with pgBackRest."""

    def __init__(self, server: Server, folder: Path, links: dict[str, str]) -> None:
        self._server = server
        super().__init__(replace(load_settings(), home=folder / "home"), folder)
        self.terminal = Terminal(
            self.settings.home, extra={**links, "ASSURANCE_DROPZONE": self.settings.dropzone}
        )

    @property
    def home(self) -> Path:
        return self.settings.home

    def as_owner(self) -> psycopg.Connection:
        return psycopg.connect(self._server.url("postgres", "warehouse"))

    def close(self) -> None:
        super().close()
        self._sessions.clear()

    def assurance(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.terminal.assurance(*arguments)


@pytest.fixture(scope="module")
def force(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Force]:
    """A force whose warehouse is on the server, without any delivery or publication."""
    server.create_warehouse()
    links = {
        "AIRFLOW_CONN_WAREHOUSE": server.url("warehouse_owner", "warehouse"),
        "AIRFLOW_CONN_WAREHOUSE_ADMIN": server.url("postgres", "warehouse"),
        "AIRFLOW_CONN_RMS": server.url("reader", "rms"),
        "AIRFLOW_CONN_INTELLIGENCE": server.url("reader", "intelligence"),
    }
    folder = tmp_path_factory.mktemp("force")
    with pytest.MonkeyPatch.context() as patch:
        for name, link in links.items():
            patch.setenv(name, link)
        # This superuser is on another server than the one of the other tests.
        made = Force(server, folder, links)
        patch.setattr(marts, "administrator", lambda _: made.as_owner())
        migrate(replace(load_settings(), home=folder / "home"))
        yield made
        made.close()


def current(force: Force) -> tuple[int, str]:
    listed = json.loads(force.assurance("publication", "list", "--json").stdout)
    [shown] = [one for one in listed["publications"] if one["is_current"]]
    return shown["publication_id"], shown["content_fingerprint"]


@contextmanager
def watched() -> Iterator[set[str]]:
    """Yield a set that gets the arguments of all processes that run during the block."""
    seen: set[str] = set()
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
                except OSError:
                    continue
            time.sleep(0.02)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def test_a_moment_between_two_publications_is_restored(server: Server, force: Force) -> None:
    force.personnel("20260101", "000001", "000002")
    force.land(PEOPLE)
    published(force.settings)
    first = current(force)
    with watched() as arguments:
        server.pgbackrest("--type=full", "backup")
        server.pgbackrest("check")
    called = [text for text in arguments if "pgbackrest" in text]
    assert any("--type=full" in text for text in called)
    assert [text for text in called if server.passphrase in text or PASSWORD in text] == []
    time.sleep(1)
    with server.session() as superuser:
        row = superuser.execute("select clock_timestamp()::text").fetchone()
        assert row is not None
        moment = str(row[0])
    time.sleep(1)
    force.personnel("20260105", "000001", "000003")
    force.land(PEOPLE)
    published(force.settings, salt="of the second")
    second = current(force)
    assert second[0] > first[0]
    assert second[1] != first[1]
    force.close()
    server.pgbackrest("--type=incr", "backup")
    full, incremental = json.loads(server.pgbackrest("--output=json", "info"))[0]["backup"]
    assert [full["type"], incremental["type"]] == ["full", "incr"]
    assert incremental["info"]["repository"]["delta"] < full["info"]["repository"]["delta"]

    info, verify, stop, restore, start, aside_, batches, _ = commands(PAGE, "Restore to a moment")
    assert info.endswith("pgbackrest --stanza=oic info")
    server.pgbackrest(*after(verify, "--stanza=oic"))
    assert stop == "docker compose stop"
    server.stop()
    # The server's disk is lost.
    server.data.rename(server.folder / "lost")
    server.run("mkdir", "-m", "0700", str(server.data))
    told = restore.replace("2026-04-30 11:55:00+01", moment)
    assert told != restore
    server.pgbackrest(*after(told, "--stanza=oic"))
    assert start == "docker compose up --detach postgres"
    server.start()
    wait_until_open(server)
    assert current(force) == first

    # The archive has what was landed after that moment. Nothing of it is lost.
    newer = force.assurance("batch", "verify")
    said = " ".join(newer.stdout.split())
    assert (newer.returncode, "belongs to no batch" in said) == (1, True), newer.stdout
    held = {path.name: path.read_bytes() for path in archived(force)}
    done = force.assurance(*after(aside_, "assurance"))
    assert done.returncode == 0, done.stderr
    aside = {
        path.name: path.read_bytes()
        for path in (force.home / "set-aside").rglob("*")
        if path.is_file()
    }
    assert aside
    left = {path.name: path.read_bytes() for path in archived(force)}
    assert {**aside, **left} == held
    assert f"{len(aside)} archived file set aside." in done.stdout
    verified = force.assurance(*after(batches, "assurance"))
    assert verified.returncode == 0, verified.stdout

    # The pipeline goes on: what was landed after the moment is landed and published again.
    force.land(PEOPLE)
    assert set(aside.values()) <= {path.read_bytes() for path in archived(force)}
    published(force.settings, salt="of the second")
    assert current(force)[0] > first[0]
    assert force.assurance("batch", "verify").returncode == 0


def after(command: str, word: str) -> list[str]:
    """Return the words of a command of the page after the first `word`."""
    words = shlex.split(command)
    return words[words.index(word) + 1 :]


def archived(force: Force) -> list[Path]:
    return [path for path in (force.home / "batches").rglob("*") if path.is_file()]


def wait_until_open(server: Server) -> None:
    """Wait until the server has reached the moment, and takes changes again."""
    until = time.monotonic() + 300
    while time.monotonic() < until:
        with server.session() as superuser:
            if superuser.execute("select pg_is_in_recovery()").fetchone() == (False,):
                return
        time.sleep(0.5)
    raise AssertionError((server.folder / "log").read_text("utf-8", errors="replace"))


def test_a_stolen_repository_gives_nothing_without_its_passphrase(
    server: Server, force: Force
) -> None:
    files = [path for path in server.repository.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        for text in (b"audit", b"personnel", b"warehouse_owner", server.passphrase.encode()):
            assert text not in content, path
    key = server.folder / "conf.d" / "key.conf"
    aside = key.rename(server.folder / "elsewhere")
    try:
        with pytest.raises(AssertionError, match="cipher"):
            server.pgbackrest("info")
    finally:
        aside.rename(key)


def test_only_its_owner_can_read_the_repository(server: Server, force: Force) -> None:
    owner = server.data.stat().st_uid
    for path in (server.repository, *server.repository.rglob("*")):
        if not path.is_symlink():
            assert path.stat().st_uid == owner != os.getuid()
            assert path.stat().st_mode & 0o077 == 0, path


def test_without_the_repository_no_change_is_accepted_in_silence(server: Server) -> None:
    """A log of changes that cannot be archived is counted by the server, and a check fails."""
    gone = server.repository.rename(server.folder / "gone")
    try:
        with pytest.raises(AssertionError, match=r"stanza|archive"):
            server.pgbackrest("--archive-timeout=5", "check")
        with server.session() as superuser:
            superuser.execute("select pg_logical_emit_message(false, 'test', 'a change')")
            superuser.execute("select pg_switch_wal()")
            until = time.monotonic() + 120
            failed = 0
            while not failed and time.monotonic() < until:
                row = superuser.execute("select failed_count from pg_stat_archiver").fetchone()
                failed = row[0] if row else 0
                time.sleep(0.5)
            assert failed
    finally:
        gone.rename(server.repository)
    server.pgbackrest("check")


def tables_of(server: Server) -> dict[str, dict[str, TableFingerprint]]:
    with server.session() as superuser:
        return {schema: fingerprint_tables(superuser, schema, ()) for schema in SCHEMAS}


def test_a_back_up_is_restored_without_this_program(
    server: Server, force: Force, tmp_path: Path
) -> None:
    """The commands of the page are followed to the letter: age, psql, pg_restore and tar."""
    made = force.assurance("backup", "new-key", "--to", str(tmp_path / "backup-key"))
    given = Terminal(
        force.home, extra={**force.terminal.extra, "ASSURANCE_PG_BIN": str(server.programs)}
    )
    to = ("--recipient", made.stdout.strip(), "--to", str(tmp_path / "backups"))
    tables = tables_of(server)
    # A hostile environment: everything that is written there could be read by anybody.
    before = os.umask(0)
    try:
        with watched() as arguments:
            done = given.assurance("backup", "make", *to)
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    assert any("pg_dump" in text for text in arguments)
    assert [text for text in arguments if PASSWORD in text] == []
    [folder] = (tmp_path / "backups").iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}

    with tempfile.TemporaryDirectory(prefix="plain-") as place:
        other = Server(Path(place))
        other.start()
        try:
            passwords = tmp_path / "passwords"
            passwords.write_text(f"*:*:*:*:{PASSWORD}\n", encoding="ascii")
            passwords.chmod(0o600)
            environment = {
                "PATH": f"{server.programs}:{os.environ['PATH']}",
                "PGHOST": "127.0.0.1",
                "PGPORT": str(other.port),
                "PGUSER": "postgres",
                "PGPASSFILE": str(passwords),
            }
            shutil.copy(tmp_path / "backup-key", folder)
            for command in commands(PAGE, "Restore without this program"):
                done = subprocess.run(
                    ["bash", "-o", "pipefail", "-c", command],
                    cwd=folder, env=environment, capture_output=True, text=True, check=False,
                )  # fmt: skip
                assert done.returncode == 0, f"{command}: {done.stderr}"
            assert tables_of(other) == tables
            with other.session() as superuser:
                wrong = superuser.execute(
                    "select relname from pg_class where relnamespace = 'audit'::regnamespace"
                    " and relkind = 'r' and relowner <> 'oic_audit_keeper'::regrole"
                    " and relname = 'processing_log'"
                ).fetchall()
            assert wrong == []
            restored = folder / "restored"
            for path in archived(force):
                name = path.relative_to(force.home)
                assert (restored / name).read_bytes() == path.read_bytes(), name
        finally:
            other.stop()
