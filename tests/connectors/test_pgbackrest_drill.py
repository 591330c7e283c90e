"""The weekly drill restores the last physical back-up with the service that has the repository.

The script of the service, its configuration and its user are those of the deployment. The tests
call the function that the DAG calls.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from oic_assurance.errors import AssuranceError
from oic_assurance.operations.backup import physical
from oic_assurance.operations.backup.drill import remove_left_scratch
from oic_assurance.operations.backup.record import Drill
from oic_assurance.operations.backup.scheduled import prove_restore
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import find_record
from tests.connectors.pgbackrest_server import DEPLOYED, Server, started
from tests.end_to_end.terminal import Terminal

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with started() as server:
        yield server


@pytest.fixture(scope="module")
def unpublished(server: Server) -> Iterator[Terminal]:
    """A warehouse on the server, without any publication."""
    server.create_warehouse()
    links = {
        "AIRFLOW_CONN_WAREHOUSE": server.url("warehouse_owner", "warehouse"),
        "AIRFLOW_CONN_WAREHOUSE_ADMIN": server.url("postgres", "warehouse"),
    }
    with tempfile.TemporaryDirectory(prefix="force-") as home:
        terminal = Terminal(Path(home), extra=links)
        run_all(terminal, "db start")
        yield terminal
        terminal.assurance("db", "stop")


@pytest.fixture(scope="module")
def force(server: Server, unpublished: Terminal) -> Terminal:
    """A force with a publication on the server, and a full back-up of it."""
    run_all(unpublished, "simulate --seed 11 --from 2026-04-01 --to 2026-04-20")
    run_all(unpublished, "run --as-at 2026-04-21T05:30")
    server.pgbackrest("--type=full", "backup")
    return unpublished


def run_all(terminal: Terminal, command: str) -> None:
    terminal.does(*command.split())


@pytest.fixture
def settings(unpublished: Terminal, place: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What a worker knows: the logins, the archive, and the folder that it shares."""
    warehouse = unpublished.extra["AIRFLOW_CONN_WAREHOUSE"]
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", warehouse)
    monkeypatch.setenv("ASSURANCE_DRILL_PLACE", str(place))
    monkeypatch.delenv("ASSURANCE_BACKUPS", raising=False)
    return replace(load_settings(), home=unpublished.home)


@pytest.fixture(scope="module")
def place(server: Server) -> Path:
    """The folder that the service and the worker share, and nothing else of theirs."""
    place = server.folder / "shared"
    for folder in (place, server.folder / "scratch"):
        folder.mkdir(mode=0o700)
        shutil.chown(folder, "postgres", "postgres")
    return place


@contextmanager
def service(server: Server, place: Path, **given: str) -> Iterator[Path]:
    """Run the script of the service `drill`, and yield the file with its output."""
    output = server.folder / "drill.log"
    environment = {
        **server.environment,
        "DRILL_PLACE": str(place),
        "DRILL_SCRATCH": str(server.folder / "scratch"),
        "TMPDIR": str(server.folder),
        **given,
    }
    # The container has no data directory and no server besides the restored one.
    for name in ("PGBACKREST_PG1_PATH", "PGBACKREST_PG1_PORT", "PGBACKREST_PG1_SOCKET_PATH"):
        del environment[name]
    script = shutil.copy(DEPLOYED / "drill.sh", server.folder)
    with output.open("w") as log:
        running = subprocess.Popen(
            [script], env=environment, cwd="/", stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, user="postgres", group="postgres", extra_groups=[],
        )  # fmt: skip
    try:
        yield output
    finally:
        running.terminate()
        assert running.wait(60) == 0
        assert not list((server.folder / "scratch").iterdir())


def erased(server: Server) -> bool:
    """Whether nothing that was restored is left, after as long as the service needs."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if not list((server.folder / "scratch").iterdir()):
            return True
        time.sleep(0.2)
    return False


def repository_of(server: Server) -> dict[str, int]:
    return {
        str(path): path.stat().st_mtime_ns
        for path in server.repository.rglob("*")
        if path.is_file()
    }


def backup_shown(force: Terminal) -> dict[str, Any]:
    """Return what the status says of back-ups and of the latest drill."""
    shown: dict[str, Any] = json.loads(force.assurance("status", "--json").stdout)["backup"]
    return shown


def last_drill(settings: Settings) -> Drill | None:
    """Return what is on record of the latest drill."""
    with connect(settings, role="oic_gate") as gate:
        return find_record(
            gate,
            Drill,
            """
            select sha256, backup_made_at, started_at, finished_at, batches, publication_id,
                publication_as_at, content_fingerprint, failure
            from audit.restore_drill
            order by drill_id desc
            limit 1
            """,
        )


def test_before_the_first_publication_there_is_nothing_to_prove(settings: Settings) -> None:
    """A new scheduler starts the last drill at once. It asks for nothing, and nothing failed."""
    assert prove_restore(settings) is None
    assert last_drill(settings) is None


def test_the_last_physical_back_up_is_restored_and_its_publication_computed_again(
    server: Server, settings: Settings, force: Terminal, place: Path
) -> None:
    # What was published after the back-up is in the log of changes, and so it is restored too.
    listed = json.loads(force.assurance("publication", "list", "--json").stdout)["publications"]
    [current] = [one for one in listed if one["is_current"]]
    [known] = json.loads(server.pgbackrest("--output=json", "info"))[0]["backup"]
    before = repository_of(server)
    with service(server, place) as output:
        proven = prove_restore(settings)
        assert erased(server), output.read_text()
    assert proven is not None
    assert "was computed again from the last physical back-up" in proven
    done = last_drill(settings)
    assert done is not None
    assert done.is_proven
    assert done.publication_id == current["publication_id"]
    assert done.content_fingerprint == current["content_fingerprint"]
    assert done.batches
    assert done.backup_made_at is not None
    assert done.backup_made_at.timestamp() == known["timestamp"]["stop"]
    # The drill wrote neither to the repository nor to the warehouse, and left nothing.
    after = repository_of(server)
    assert {path: after[path] for path in before} == before
    assert [path for path in after if path not in before and "/archive/" not in path] == []
    assert not (settings.home / "drill").exists()
    assert [path.name for path in place.iterdir()] == []
    assert backup_shown(force)["failure"] is None


@pytest.mark.usefixtures("force")
def test_the_worker_gets_no_passphrase_and_no_superuser(
    server: Server, settings: Settings, place: Path
) -> None:
    with service(server, place), physical.restored(place) as backup:
        assert backup.failure is None
        answered = (place / physical.ANSWER).read_text()
        assert server.passphrase not in answered
        given = physical.connections_to(settings, place)
        assert server.passphrase not in str(given)
        password = json.loads(given["AIRFLOW_CONN_WAREHOUSE"])["password"]
        link = {"host": str(place), "port": 5432, "dbname": "warehouse", "password": password}
        with pytest.raises(psycopg.OperationalError, match="pg_hba"):
            psycopg.connect(user="postgres", **link)
        with psycopg.connect(user="warehouse_owner", **link) as found:
            assert found.execute("show archive_mode").fetchone() == ("off",)
            assert found.execute("show listen_addresses").fetchone() == ("",)


def test_a_file_that_was_archived_meanwhile_proves_nothing_against_the_back_up(
    server: Server, settings: Settings, force: Terminal, place: Path
) -> None:
    [name, *_] = sorted((force.home / "batches").rglob("*.age")) or sorted(
        path for path in (force.home / "batches").rglob("*") if path.is_file()
    )
    newer = name.with_name("999999" + "".join(name.suffixes))
    shutil.copy(name, newer)
    try:
        with service(server, place):
            assert prove_restore(settings)
            # What the warehouse has and the archive has lost is a difference.
            lost = name.rename(force.home / "lost")
            try:
                with pytest.raises(AssuranceError, match=r"batch verify` found \d+ differences"):
                    prove_restore(settings)
            finally:
                lost.rename(name)
    finally:
        newer.unlink()
    done = last_drill(settings)
    assert done is not None
    assert not done.is_proven


def test_a_damaged_repository_is_a_drill_that_failed_and_is_on_record(
    server: Server, settings: Settings, force: Terminal, place: Path
) -> None:
    [bundle] = [path for path in server.repository.rglob("bundle/*") if path.is_file()][:1]
    whole = bundle.read_bytes()
    owner = bundle.stat()
    bundle.write_bytes(whole[: len(whole) // 2])
    try:
        with service(server, place), pytest.raises(AssuranceError, match="pgBackRest failed"):
            prove_restore(settings)
    finally:
        bundle.write_bytes(whole)
        os.chown(bundle, owner.st_uid, owner.st_gid)
    done = last_drill(settings)
    assert isinstance(done, Drill)
    assert not done.is_proven
    assert done.batches is None
    assert "pgBackRest failed" in backup_shown(force)["failure"]


@pytest.mark.usefixtures("force")
def test_without_the_service_or_its_passphrase_the_drill_says_so(
    server: Server, settings: Settings, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(physical, "BEGIN_SECONDS", 3.0)
    with pytest.raises(AssuranceError, match="The service `drill` has not restored"):
        prove_restore(settings)
    assert list(place.iterdir()) == []
    monkeypatch.setattr(physical, "BEGIN_SECONDS", 60.0)
    nowhere = str(server.folder / "nowhere")
    with (
        service(server, place, PGBACKREST_CONFIG_INCLUDE_PATH=nowhere),
        pytest.raises(AssuranceError, match="No physical back-up can be read"),
    ):
        prove_restore(settings)


@pytest.mark.usefixtures("force")
def test_what_a_killed_worker_has_asked_for_is_erased(
    server: Server, settings: Settings, place: Path
) -> None:
    with service(server, place):
        asking = physical.restored(place)
        asking.__enter__()
        assert list((server.folder / "scratch").iterdir())
        assert remove_left_scratch(settings, dry_run=True)
        assert remove_left_scratch(settings)
        assert erased(server)
        assert not remove_left_scratch(settings)
    # If nothing withdraws the wish, the service itself forgets it.
    with service(server, place, DRILL_MINUTES="1"):
        again = physical.restored(place)
        again.__enter__()
        old = time.time() - 120
        os.utime(place / physical.WANTED, (old, old))
        assert erased(server)
        physical.withdraw(place)
