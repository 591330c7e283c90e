"""The embedded server on real state folders: first starts, accidents, neighbours, ruins."""

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

from oic_assurance.errors import AssuranceError, ServerError, SourceUnavailable
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.cluster import data_dir
from oic_assurance.warehouse.connections import (
    admin_url,
    connect,
    connect_source,
    extract_url,
    url,
)
from oic_assurance.warehouse.process import find_postmaster

START = (
    "from oic_assurance.settings import load_settings;"
    "from oic_assurance.warehouse import embedded;"
    "embedded.start(load_settings())"
)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state folder whose server was started and stopped: copies of it start quickly."""
    home = tmp_path_factory.mktemp("made") / "home"
    settings = replace(load_settings(), home=home)
    embedded.start(settings)
    embedded.stop(settings)
    return home


@pytest.fixture
def own(made_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Return a stopped server of the test's own, in a folder with blanks and quotes in its name."""
    home = tmp_path / "a 'home' with $blanks"
    shutil.copytree(made_once, home)
    (home / "postgres" / "port").unlink()
    monkeypatch.setenv("ASSURANCE_HOME", str(home))
    settings = load_settings()
    yield settings
    embedded.stop(settings)


def one_line(error: pytest.ExceptionInfo[AssuranceError]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def start_by_another_process() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_first_start_makes_databases_and_private_passwords(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path / "new home"))
    settings = load_settings()
    assert not embedded.is_running(settings)
    # What an interrupted first start left is not taken for a data directory.
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


def test_listens_on_loopback_with_a_password_only(own: Settings) -> None:
    embedded.start(own)
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


def test_logins_reach_their_own_database_only(own: Settings) -> None:
    embedded.start(own)
    for name, other in (("rms", "intelligence"), ("intelligence", "warehouse")):
        place = psycopg.conninfo.conninfo_to_dict(url(own, name)) | {"dbname": other}
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(**place)  # type: ignore[arg-type]


def test_extraction_login_reads_what_the_owner_makes_and_writes_nothing(own: Settings) -> None:
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
            "select 'narrative-told'::integer",
            "do $$ begin raise exception 'narrative-raised'; end $$",
            "select 1 / 0 as narrative_named",
        ):
            with pytest.raises(psycopg.Error):
                connection.execute(statement)
        with pytest.raises(psycopg.Error):
            connection.execute("select %s::text::date", ("narrative-bound",))
    embedded.stop(own)
    log = (own.log_dir / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert "narrative" not in log


def test_starting_and_stopping_twice_is_fine(own: Settings) -> None:
    embedded.start(own)
    running = find_postmaster(data_dir(own))
    embedded.start(own)
    assert find_postmaster(data_dir(own)) == running
    embedded.stop(own)
    embedded.stop(own)
    assert not embedded.is_running(own)


def test_the_port_stays_until_somebody_takes_it(
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


def test_a_fixed_port_that_is_used_is_one_clear_error(own: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError) as error:
            embedded.start(replace(own, pg_port=port))
    assert one_line(error).startswith(f"Port {port} on 127.0.0.1 is used by another program")
    embedded.start(replace(own, pg_port=port))
    assert embedded.server_port(own) == port


def test_two_first_starts_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path / "home"))
    starts = [start_by_another_process() for _ in range(3)]
    answers = [process.communicate(timeout=60)[0] for process in starts]
    settings = load_settings()
    try:
        assert answers == ["", "", ""]
        assert [process.returncode for process in starts] == [0, 0, 0]
        with connect(settings) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        embedded.stop(settings)


def test_start_lets_go_of_the_callers_output(own: Settings) -> None:
    # communicate() returns when the last holder of the pipe is gone, as `| cat` does.
    process = start_by_another_process()
    assert process.communicate(timeout=30)[0] == ""
    assert embedded.is_running(own)


def test_two_checkouts_side_by_side(own: Settings, made_once: Path, tmp_path: Path) -> None:
    neighbour = replace(own, home=tmp_path / "neighbour")
    shutil.copytree(made_once, neighbour.home)
    (neighbour.home / "postgres" / "port").write_text("not a port")
    embedded.start(own)
    embedded.start(neighbour)
    try:
        assert embedded.server_port(own) != embedded.server_port(neighbour)
        embedded.stop(own)
        assert embedded.is_running(neighbour)
    finally:
        embedded.stop(neighbour)


def test_survives_kill_9(own: Settings) -> None:
    embedded.start(own)
    with psycopg.connect(url(own, "rms")) as owner:
        owner.execute("create table rms.kept as select 1 as kept")
    for _ in range(3):
        running = find_postmaster(data_dir(own))
        assert running is not None
        os.kill(running.pid, signal.SIGKILL)
        begun = time.monotonic()
        embedded.start(own)
        assert time.monotonic() - begun < 30
        with psycopg.connect(url(own, "rms")) as owner:
            assert owner.execute("select kept from rms.kept").fetchone() == (1,)


def test_a_pid_file_that_names_another_program_is_not_believed(own: Settings) -> None:
    embedded.start(own)
    kept = (data_dir(own) / "postmaster.pid").read_text().splitlines()
    embedded.stop(own)
    for pid in (os.getpid(), 1, 2**22 - 1):
        lines = [str(pid), *kept[1:]]
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
        with connect(settings) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        # What still wrote when its starter was killed is swept away by the next start.
        embedded.stop(settings)
        embedded.start(settings)
        assert list(settings.server_dir.glob("new-*")) == []
    finally:
        embedded.stop(settings)


def test_a_source_that_is_down_is_unavailable(own: Settings) -> None:
    embedded.start(own)
    embedded.stop(own)
    with pytest.raises(
        SourceUnavailable, match="rms: the source database cannot be reached"
    ) as error:
        connect_source(own, "rms")
    assert "Connection refused" in one_line(error)
    with pytest.raises(ServerError, match="run `assurance db start`"):
        connect(own)


def truncate_control_file(settings: Settings) -> None:
    (data_dir(settings) / "global" / "pg_control").write_bytes(b"")


def lose_version_file(settings: Settings) -> None:
    (data_dir(settings) / "PG_VERSION").unlink()


def be_of_another_version(settings: Settings) -> None:
    (data_dir(settings) / "PG_VERSION").write_text("15\n")


def lose_a_password(settings: Settings) -> None:
    (settings.secrets_dir / "rms_owner_password").unlink()


def garble_a_password(settings: Settings) -> None:
    (settings.secrets_dir / "rms_owner_password").write_bytes(b"\xff\xfe")


def put_a_file_for_the_data(settings: Settings) -> None:
    shutil.rmtree(data_dir(settings))
    data_dir(settings).touch()


def put_a_file_for_the_log(settings: Settings) -> None:
    shutil.rmtree(settings.log_dir)
    settings.log_dir.touch()


def put_a_folder_for_the_log_file(settings: Settings) -> None:
    (settings.log_dir / "postgres.log").unlink()
    (settings.log_dir / "postgres.log").mkdir()


def put_a_file_for_the_home(settings: Settings) -> None:
    shutil.rmtree(settings.home)
    settings.home.touch()


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (truncate_control_file, "PostgreSQL does not start on"),
        (lose_version_file, "not a usable PostgreSQL data directory"),
        (be_of_another_version, "was created by PostgreSQL 15, but the programs are PostgreSQL"),
        (lose_a_password, "password of 'rms_owner' is missing"),
        (garble_a_password, "rms_owner_password cannot be read"),
        (put_a_file_for_the_data, "not a usable PostgreSQL data directory"),
        (put_a_file_for_the_log, "is a file where a folder must be"),
        (put_a_folder_for_the_log_file, "postgres.log"),
        (put_a_file_for_the_home, "is a file where a folder must be"),
    ],
)
def test_a_broken_state_folder_is_one_clear_error(own: Settings, break_it, words: str) -> None:  # type: ignore[no-untyped-def]
    break_it(own)
    with pytest.raises(ServerError) as error:
        embedded.start(own)
    assert words in one_line(error)
    assert not embedded.is_running(own)


def test_programs_that_are_not_there_are_one_clear_error(own: Settings, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="ASSURANCE_PG_BIN: there is no program 'initdb'"):
        embedded.start(replace(own, pg_bin=tmp_path))


def test_without_user_namespaces_root_runs_the_server_as_nobody_others_as_themselves(
    tmp_path: Path,
) -> None:
    account, mode = (65534, 0o710) if os.geteuid() == 0 else (os.geteuid(), 0o700)
    # pytest's own folders are closed to others, and rightly so; this one stands beside them.
    base = Path("/tmp") / f"assurance-nobody-{os.getpid()}"
    base.mkdir(mode=0o755)
    home = base / "home"
    # Without `unshare` on the path, user namespaces are out of reach.
    environment = {**os.environ, "ASSURANCE_HOME": str(home), "PATH": str(tmp_path)}
    settings = replace(load_settings(), home=home)
    try:
        done = subprocess.run(
            [sys.executable, "-c", START], env=environment, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
        running = find_postmaster(data_dir(settings))
        assert running is not None
        assert Path(f"/proc/{running.pid}").stat().st_uid == account
        assert data_dir(settings).stat().st_uid == account
        assert stat.S_IMODE(home.stat().st_mode) == mode
        assert stat.S_IMODE(settings.secrets_dir.stat().st_mode) == 0o700
        # Root with namespaces goes on with a folder that was made without.
        embedded.stop(settings)
        embedded.start(settings)
        with psycopg.connect(admin_url(settings)) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        embedded.stop(settings)
        shutil.rmtree(base, ignore_errors=True)
