"""The embedded server in real state folders: first starts, crashes, used ports, damaged files."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from oic_assurance.errors import AssuranceError, ServerError, SourceUnavailable
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse import cluster, embedded
from oic_assurance.warehouse.cluster import data_dir, server_log_dir
from oic_assurance.warehouse.connections import (
    admin_url,
    connect,
    connect_source,
    extract_url,
    url,
)
from oic_assurance.warehouse.process import find_postmaster
from oic_assurance.warehouse.programs import bin_dir
from tests.integration.asking import ask

START = (
    "from oic_assurance.settings import load_settings;"
    "from oic_assurance.warehouse import embedded;"
    "embedded.start(load_settings())"
)


@pytest.fixture(scope="module")
def started_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with a stopped server, to be copied: a copied server starts quickly."""
    home = tmp_path_factory.mktemp("made") / "home"
    settings = replace(load_settings(), home=home)
    embedded.start(settings)
    embedded.stop(settings)
    return home


@pytest.fixture
def own(started_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A stopped server for one test, in a state folder with blanks and quotes in its name."""
    home = tmp_path / "a 'home' with $blanks"
    shutil.copytree(started_once, home)
    (home / "postgres" / "port").unlink()
    monkeypatch.setenv("ASSURANCE_HOME", str(home))
    settings = load_settings()
    yield settings
    embedded.stop(settings)


def one_line(error: pytest.ExceptionInfo[AssuranceError]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def start_by_another_process() -> subprocess.Popen[str]:
    """Start the server in a process of its own.

    Its `communicate` returns only when no process has the pipe open any more, so also not the
    server: a user who adds `| cat` in a shell waits for the same moment.
    """
    return subprocess.Popen(
        [sys.executable, "-c", START], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_the_first_start_creates_databases_and_private_passwords(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path / "new home"))
    settings = load_settings()
    assert not embedded.is_running(settings)
    # The folder left by an interrupted first start must not be used as a data directory.
    leftover = settings.server_dir / "new-interrupted"
    leftover.mkdir(parents=True)
    (leftover / "PG_VERSION").write_text("18\n")
    embedded.start(settings)
    try:
        assert embedded.is_running(settings)
        assert not leftover.exists()
        modes = {stat.S_IMODE(path.stat().st_mode) for path in settings.secrets_dir.iterdir()}
        assert modes == {0o600}
        assert stat.S_IMODE(settings.secrets_dir.stat().st_mode) == 0o700
        for name in ("warehouse", "rms", "intelligence"):
            with psycopg.connect(url(settings, name)) as connection:
                assert connection.info.user == f"{name}_owner"
                assert connection.info.dbname == name
    finally:
        embedded.stop(settings)
    assert not embedded.is_running(settings)


def test_the_server_listens_on_loopback_only_and_each_login_reaches_its_database(
    own: Settings,
) -> None:
    embedded.start(own)
    running = find_postmaster(data_dir(own))
    embedded.start(own)
    assert find_postmaster(data_dir(own)) == running
    with psycopg.connect(admin_url(own)) as connection:
        shown = {
            name: connection.execute(f"show {name}").fetchone()
            for name in ("listen_addresses", "unix_socket_directories", "fsync", "TimeZone")
        }
        rules = connection.execute(
            "select type, address, auth_method from pg_hba_file_rules"
        ).fetchall()
    assert shown == {
        "listen_addresses": ("127.0.0.1",),
        "unix_socket_directories": ("",),
        "fsync": ("on",),
        "TimeZone": ("UTC",),
    }
    assert rules == [("host", "127.0.0.1", "scram-sha-256")]
    port = embedded.server_port(own)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host="127.0.0.1", port=port, dbname="rms", user="rms_owner", password="x")
    for name, other in (("rms", "intelligence"), ("intelligence", "warehouse")):
        place = psycopg.conninfo.conninfo_to_dict(url(own, name)) | {"dbname": other}
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(**place)  # type: ignore[arg-type]
    embedded.stop(own)
    embedded.stop(own)
    assert not embedded.is_running(own)
    with pytest.raises(
        SourceUnavailable, match="rms: the source database cannot be reached"
    ) as error:
        connect_source(own, "rms")
    assert "Connection refused" in one_line(error)
    with pytest.raises(ServerError, match="run `assurance db start`"):
        connect(own)


def test_the_login_for_extracts_reads_tables_of_the_owner_and_writes_nothing(own: Settings) -> None:
    embedded.start(own)
    with psycopg.connect(url(own, "rms")) as owner:
        owner.execute("create table rms.occurrence as select 1 as occurrence_id")
    with connect_source(own, "rms") as reader:
        assert reader.execute("select * from rms.occurrence").fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.execute("insert into rms.occurrence values (2)")
    with psycopg.connect(extract_url(own, "rms"), autocommit=True) as reader:
        reader.execute("set default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("insert into rms.occurrence values (2)")


def test_errors_leave_no_value_in_the_log(own: Settings) -> None:
    embedded.start(own)
    with connect(own, autocommit=True) as connection:
        for statement in (
            "select 'narrative-cast'::integer",
            "do $$ begin raise exception 'narrative-raised'; end $$",
            "select 1 / 0 as narrative_named",
        ):
            with pytest.raises(psycopg.Error):
                connection.execute(statement)
        with pytest.raises(psycopg.Error):
            connection.execute("select %s::text::date", ("narrative-bound",))
    embedded.stop(own)
    files = [
        path
        for folder in (own.log_dir, server_log_dir(own))
        for path in folder.rglob("*")
        if path.is_file()
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    log = "".join(path.read_text() for path in files)
    assert "ready to accept connections" in log
    assert "narrative" not in log


def test_the_port_stays_the_same_until_another_program_uses_it(
    own: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    embedded.start(own)
    port = embedded.server_port(own)
    embedded.stop(own)
    assert embedded.server_port(own) == port
    embedded.start(own)
    assert embedded.server_port(own) == port
    embedded.stop(own)
    with socket.create_server(("127.0.0.1", port)):
        embedded.start(own)
        assert embedded.server_port(own) != port
        assert f"Port {port} is used by another program" in caplog.text
    with connect(own):
        pass


def test_a_fixed_port_that_is_used_and_missing_programs_are_one_clear_error(
    own: Settings, tmp_path: Path
) -> None:
    with pytest.raises(ServerError, match="ASSURANCE_PG_BIN: there is no program 'initdb'"):
        embedded.start(replace(own, pg_bin=tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError) as error:
            embedded.start(replace(own, pg_port=port))
    assert one_line(error).startswith(f"Port {port} on 127.0.0.1 is used by another program")
    embedded.start(replace(own, pg_port=port))
    assert embedded.server_port(own) == port


def test_several_first_starts_at_the_same_time_succeed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path / "home"))
    starts = [start_by_another_process() for _ in range(3)]
    answers = [process.communicate(timeout=60)[0] for process in starts]
    settings = load_settings()
    try:
        assert answers == ["", "", ""]
        assert [process.returncode for process in starts] == [0, 0, 0]
        assert ask(settings, "select 1", login=None)[0] == (1,)
    finally:
        embedded.stop(settings)


def test_two_state_folders_have_two_servers(
    own: Settings, started_once: Path, tmp_path: Path
) -> None:
    neighbour = replace(own, home=tmp_path / "neighbour")
    shutil.copytree(started_once, neighbour.home)
    (neighbour.home / "postgres" / "port").write_text("not a port")
    embedded.start(own)
    embedded.start(neighbour)
    try:
        assert embedded.server_port(own) != embedded.server_port(neighbour)
        embedded.stop(own)
        assert embedded.is_running(neighbour)
    finally:
        embedded.stop(neighbour)


def test_the_server_starts_again_after_sigkill(own: Settings) -> None:
    embedded.start(own)
    with psycopg.connect(url(own, "rms")) as owner:
        owner.execute("create table rms.saved as select 1 as saved")
    for _ in range(3):
        running = find_postmaster(data_dir(own))
        assert running is not None
        os.kill(running.pid, signal.SIGKILL)
        begun = time.monotonic()
        embedded.start(own)
        assert time.monotonic() - begun < 30
        with psycopg.connect(url(own, "rms")) as owner:
            assert owner.execute("select saved from rms.saved").fetchone() == (1,)


def test_a_pid_file_that_names_another_program_is_ignored(own: Settings) -> None:
    embedded.start(own)
    saved = (data_dir(own) / "postmaster.pid").read_text().splitlines()
    embedded.stop(own)
    for pid in (os.getpid(), 1, 2**22 - 1):
        lines = [str(pid), *saved[1:]]
        (data_dir(own) / "postmaster.pid").write_text("\n".join(lines) + "\n")
        assert not embedded.is_running(own)
        embedded.stop(own)
        embedded.start(own)
        embedded.stop(own)


def test_an_interrupted_first_start_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path / "home"))
    settings = load_settings()
    for delay in (0.25, 0.7, 1.2):
        process = start_by_another_process()
        time.sleep(delay)
        process.kill()
        process.wait()
        process.communicate(timeout=60)
    embedded.start(settings)
    try:
        assert ask(settings, "select 1", login=None)[0] == (1,)
        # Processes of the killed starts may have continued for a while and left folders, which the
        # next start removes.
        embedded.stop(settings)
        embedded.start(settings)
        assert list(settings.server_dir.glob("new-*")) == []
    finally:
        embedded.stop(settings)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("postgres/data/global/pg_control", b"", "PostgreSQL does not start on"),
        ("postgres/data/PG_VERSION", None, "not a usable PostgreSQL data directory"),
        (
            "postgres/data/PG_VERSION",
            b"15\n",
            "was created by PostgreSQL 15, but the programs are PostgreSQL",
        ),
        ("secrets/rms_owner_password", b"\xff\xfe", "rms_owner_password cannot be read"),
        ("postgres/data", b"", "not a usable PostgreSQL data directory"),
        ("log", b"", "is a file where a folder must be"),
        ("", b"", "is a file where a folder must be"),
    ],
)
def test_a_damaged_state_folder_is_one_clear_error(
    own: Settings, name: str, content: bytes | None, message: str
) -> None:
    place = own.home / name
    assert place.exists()
    if place.is_dir():
        shutil.rmtree(place)
    if content is None:
        place.unlink()
    else:
        place.write_bytes(content)
    with pytest.raises(ServerError) as error:
        embedded.start(own)
    assert message in one_line(error)
    assert not embedded.is_running(own)


@pytest.mark.parametrize("login", [cluster.SUPERUSER, "warehouse_owner"])
def test_a_password_whose_file_is_deleted_is_changed_by_the_next_start(
    own: Settings, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def log_in(password: str) -> None:
        place = {"host": "127.0.0.1", "port": embedded.server_port(own), "dbname": "warehouse"}
        psycopg.connect(user=login, password=password, **place).close()  # type: ignore[arg-type]

    file = own.secrets_dir / f"{login}_password"
    before = file.read_text("ascii")
    file.unlink()
    with monkeypatch.context() as patch:
        # The start is interrupted between the server and the file.
        patch.setattr(cluster, "keep", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            embedded.start(own)
    embedded.start(own)
    try:
        log_in(file.read_text("ascii"))
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            log_in(before)
    finally:
        embedded.stop(own)


def test_a_folder_in_the_place_of_the_log_is_one_clear_error(own: Settings) -> None:
    (own.log_dir / "postgres.log").unlink()
    (own.log_dir / "postgres.log").mkdir()
    with pytest.raises(ServerError) as error:
        embedded.start(own)
    assert "postgres.log" in one_line(error)


@pytest.mark.parametrize("has_setpriv", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_root_runs_the_server_as_nobody(tmp_path: Path, has_setpriv: bool) -> None:
    account = 65534 if os.geteuid() == 0 else os.geteuid()
    # Only root can traverse the folder above the state folder.
    home = tmp_path / "root's alone" / "home"
    home.parent.mkdir(mode=0o700)
    environment = {**os.environ, "ASSURANCE_HOME": str(home)}
    if not has_setpriv:
        environment["PATH"] = str(tmp_path)
    settings = replace(load_settings(), home=home)
    try:
        done = subprocess.run(
            [sys.executable, "-c", START], env=environment, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
        running = find_postmaster(data_dir(settings))
        assert running is not None
        status = Path(f"/proc/{running.pid}/status").read_text(encoding="utf-8")
        rights = dict(line.split(":", 1) for line in status.splitlines())
        # The real, effective, saved and file system user ids.
        assert rights["Uid"].split() == [str(account)] * 4
        if os.geteuid() == 0:
            assert rights["Gid"].split() == [str(account)] * 4
            assert rights["Groups"].split() == []
            for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                assert int(rights[kind], 16) == 0
        if has_setpriv:
            assert rights["NoNewPrivs"].strip() == "1"
        assert data_dir(settings).stat().st_uid == account
        for folder in (home, settings.secrets_dir, settings.log_dir, settings.server_dir):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        embedded.stop(settings)
        embedded.start(settings)
        with psycopg.connect(admin_url(settings)) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        embedded.stop(settings)


def test_a_data_directory_of_root_is_given_to_the_account_of_the_server(own: Settings) -> None:
    """Earlier versions ran the server in a user namespace, so root owned the data directory."""
    for path in (data_dir(own), *data_dir(own).rglob("*")):
        os.chown(path, os.geteuid(), os.getegid(), follow_symlinks=False)
    embedded.start(own)
    account = 65534 if os.geteuid() == 0 else os.geteuid()
    assert {path.stat().st_uid for path in data_dir(own).rglob("*")} == {account}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has what the server must not read")
def test_the_superuser_of_the_server_reads_nothing_of_root(own: Settings, tmp_path: Path) -> None:
    embedded.start(own)
    secret = Path("/tmp") / f"assurance-of-root-{os.getpid()}"
    secret.write_text("of root alone")
    secret.chmod(0o600)
    try:
        with psycopg.connect(admin_url(own), autocommit=True) as administrator:
            administrator.execute("create temporary table found (line text)")
            password = own.secrets_dir / "postgres_password"
            for path in (secret, password, Path("/etc/shadow"), Path("/proc/1/environ")):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    administrator.execute("select pg_read_file(%s)", (str(path),))
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    administrator.execute(
                        sql.SQL("copy found from {}").format(sql.Literal(str(path)))
                    )
            for command in (
                f"cat {secret}",
                f"cat '{password}'",
                "setpriv --reuid=0 id -u",
                "unshare --user --map-root-user chroot /proc/1/root cat /etc/shadow",
                "su -c id root < /dev/null",
                f"kill -0 {os.getpid()}",
                f"touch '{own.home}/written'",
            ):
                with pytest.raises(psycopg.errors.ExternalRoutineException):
                    administrator.execute(
                        sql.SQL("copy found from program {}").format(sql.Literal(command))
                    )
            assert administrator.execute("select count(*) from found").fetchone() == (0,)
            # The files that the server writes are not owned by root either.
            administrator.execute(
                sql.SQL("copy (select 1) to program {}").format(
                    sql.Literal(f"cat > /tmp/assurance-written-{os.getpid()}")
                )
            )
        written = Path("/tmp") / f"assurance-written-{os.getpid()}"
        assert written.stat().st_uid == 65534
        written.unlink()
    finally:
        secret.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes into a folder of another account")
def test_root_follows_no_link_that_the_server_has_left(own: Settings, tmp_path: Path) -> None:
    embedded.start(own)
    target = tmp_path / "of_root"
    target.write_text("as it was")
    embedded.stop(own)
    for name in ("assurance.conf", "pg_hba.conf"):
        data_dir(own).joinpath(f"{name}.new").symlink_to(target)
    embedded.start(own)
    assert target.read_text() == "as it was"
    assert target.stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reaches what the server cannot")
@pytest.mark.parametrize("is_bare", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_programs_that_only_root_can_reach_are_shown_to_the_server(
    tmp_path: Path, own: Settings, monkeypatch: pytest.MonkeyPatch, is_bare: bool
) -> None:
    if is_bare:
        # A bare machine may lack `setpriv`, `mount` and `unshare`.
        monkeypatch.setenv("PATH", str(tmp_path))
    packages = tmp_path / "of root alone"
    package = bin_dir(own).parents[1]
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.with_name(name), packages / name, symlinks=True)
    packages.chmod(0o700)
    programs = packages / package.name / "pginstall/bin"
    # A first start needs more programs than a later one, and more libraries.
    elsewhere = replace(own, home=tmp_path / "home", pg_bin=programs)
    # With a umask of 027, the package itself would be closed too.
    programs.parent.chmod(0o750)
    with pytest.raises(ServerError, match=r"`chmod -R go\+rX "):
        embedded.start(elsewhere)
    programs.parent.chmod(0o755)
    embedded.start(elsewhere)
    try:
        with psycopg.connect(admin_url(elsewhere)) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        embedded.stop(elsewhere)
    # Only the server sees the files there.
    assert not Path("/mnt", package.name).exists()
