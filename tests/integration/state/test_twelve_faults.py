"""What is wrong is told in the same words everywhere, once when it begins and once when it ends.

Each fault is made for real in a copy of one warehouse in which all is well. Then the watch looks,
and after it whatever shows a problem is read: the view, the status, a monitor, doctor, the metrics
and the messages. Nobody measures anything for one of them alone.
"""

import contextlib
import gzip
import shutil
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.conninfo import conninfo_to_dict

from oic_assurance import clock, pipeline
from oic_assurance.cli.main import cli
from oic_assurance.errors import ServerError
from oic_assurance.operations.doctor import registry, warehouse
from oic_assurance.operations.upkeep import PROOFS
from oic_assurance.publishing.approval import decide
from oic_assurance.publishing.schemas import GENERATION, PUBLISHED_SCHEMAS
from oic_assurance.reporting.metrics import collect
from oic_assurance.reporting.national import export
from oic_assurance.settings import Settings
from oic_assurance.state.read import Problem, cause_of, no_server, open_problems
from oic_assurance.warehouse import processing_log
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.connections import warehouse_url
from oic_assurance.warehouse.embedded import server_port
from oic_assurance.warehouse.transport import METADATA
from tests.commands import shown
from tests.databases import Prepared, administrator
from tests.integration.landing.support import World
from tests.integration.notifications.test_notify import enter_drill, make_freshness
from tests.integration.operations.test_doctor import shifted
from tests.integration.publishing.marts import published
from tests.integration.publishing.test_approval import with_a_warning
from tests.tls import TlsServer, make_certificates
from tests.unit.notifications.servers import HttpServer

PEOPLE = "hr/personnel"
Usage = namedtuple("Usage", "total used free")


@dataclass
class Scene:
    """A warehouse in which all is well, and what a fault changes."""

    settings: Settings
    patch: pytest.MonkeyPatch
    folder: Path

    def ask(self, statement: str) -> None:
        """Change the warehouse as the server's administrator, past every guard."""
        with administrator(self.settings) as session:
            session.execute("set session_replication_role = replica")
            session.execute(statement.encode())


Fault = Callable[[Scene], AbstractContextManager[None]]
#: Each fault with its kind of problem.
FAULTS: dict[str, tuple[str, Fault]] = {}


def fault(kind: str) -> Callable[[Callable[[Scene], Iterator[None]]], None]:
    """Return a decorator for a function that makes a fault, yields, and mends it."""

    def declare(make: Callable[[Scene], Iterator[None]]) -> None:
        FAULTS[make.__name__] = (kind, contextmanager(make))

    return declare


@fault("disk")
def a_disk_is_nearly_full(scene: Scene) -> Iterator[None]:
    with scene.patch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12 - 10**9, 10**9))
        yield


@fault("certificate")
def a_certificate_expires(scene: Scene) -> Iterator[None]:
    """Airflow's database has a certificate that has expired, and then a new one."""

    @contextmanager
    def served(days: int) -> Iterator[None]:
        folder = make_certificates(scene.folder / f"for {days} days", "localhost", days=days)
        server = TlsServer(folder / "localhost", server_port(scene.settings))
        parts = conninfo_to_dict(warehouse_url(scene.settings))
        place = {"host": "localhost", "port": str(server.port), "sslmode": "verify-full"}
        root = {"sslrootcert": str(folder / "authority" / "ca.crt")}
        given = {key: str(value) for key, value in parts.items()}
        scene.patch.setenv(METADATA, libpq_uri({**given, **place, **root}))
        with contextlib.closing(server):
            yield

    with served(0):
        yield
    scene.patch.delenv(METADATA)


@fault("clock")
def the_clock_of_this_machine_is_wrong(scene: Scene) -> Iterator[None]:
    with scene.patch.context() as patched:
        shifted(patched, timedelta(minutes=10))
        yield


@fault("archive")
def an_archived_file_was_altered(scene: Scene) -> Iterator[None]:
    [path] = (scene.settings.home / "batches").rglob("*.gz")
    before = path.read_bytes()
    path.write_bytes(gzip.compress(gzip.decompress(before).replace(b"RESPONSE", b"ROADS")))
    yield
    path.write_bytes(before)


@fault("tables")
def a_row_of_a_published_table_was_changed(scene: Scene) -> Iterator[None]:
    table = f"{GENERATION}.{PUBLISHED_SCHEMAS[0].partition('board_action', 1)}"
    scene.ask(f"update {table} set status = status || '!' where action_ref = '1'")
    yield
    scene.ask(f"update {table} set status = rtrim(status, '!')")


@fault("server")
def the_server_does_not_answer(scene: Scene) -> Iterator[None]:
    with scene.patch.context() as patched:
        address = "postgresql://nobody:secret@127.0.0.1:1/warehouse"
        patched.setenv("AIRFLOW_CONN_WAREHOUSE", address)
        yield


@fault("source")
def a_source_is_stale(scene: Scene) -> Iterator[None]:
    make_freshness(scene.settings, "stale", "nothing new since it was due")
    yield
    make_freshness(scene.settings, "fresh", "")


@fault("approval")
def a_build_waits(scene: Scene) -> Iterator[None]:
    build = with_a_warning(scene.settings)
    yield
    decision = {"who": "A. Lead", "login": "assurance", "reason": "it is wrong"}
    decide(scene.settings, build.build_id, is_approved=False, through="airflow", **decision)


@fault("restore")
def a_drill_is_due(scene: Scene) -> Iterator[None]:
    enter_drill(scene.settings, "2026-01-01")
    yield
    enter_drill(scene.settings, clock.utc_now().isoformat())


@fault("log")
def an_entry_of_the_log_was_changed(scene: Scene) -> Iterator[None]:
    change = "update audit.processing_log set what = reverse(what) where chain_no = 1"
    scene.ask(change)
    yield
    scene.ask(change)


@fault("national")
def the_national_export_fails(scene: Scene) -> Iterator[None]:
    export.tell_national(scene.settings)
    yield
    with scene.patch.context() as patched:
        patched.setattr(export, "_export", lambda *_, **__: None)
        export.tell_national(scene.settings)


@fault("rights")
def the_password_of_a_login_is_wrong(scene: Scene) -> Iterator[None]:
    with scene.patch.context() as patched:
        patched.setenv("ASSURANCE_OIC_REVIEW_PASSWORD", "another-Password-94711")
        yield


#: The faults that `make test` makes: of a disk, of a source and of a build.
FEW = ("a_disk_is_nearly_full", "a_source_is_stale", "a_build_waits")


def all_is_well(settings: Settings) -> None:
    """Land a delivery, and publish for today."""
    with TemporaryDirectory() as folder:
        world = World(settings, Path(folder))
        world.empty_sources()
        world.personnel("20260101", "000001", "000002")
        world.land(PEOPLE)
        world.close()
    published(settings)
    processing_log.seal(settings)
    now = clock.utc_now()
    with administrator(settings) as session:
        session.execute(
            "update audit.run set as_at = %s, started_at = %s, finished_at = %s", (now, now, now)
        )
        for table in ("audit.build", "marts.publication"):
            session.execute(f"update {table} set as_at = %s".encode(), (now,))


@pytest.fixture
def scene(prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A deployment in which all is well. It asks for approvals, and exports nationally."""
    monkeypatch.setattr("oic_assurance.cli.doctor.CHECKS", (*registry.OFTEN, *registry.NIGHTLY))
    (tmp_path / "dropzone").mkdir()
    with prepared.copy(all_is_well) as settings:
        settings = replace(
            settings,
            dropzone=f"file://{tmp_path}/dropzone",
            national_dropzone=f"file://{tmp_path}/not-mounted",
            approve_warnings=True,
        )
        yield Scene(settings, monkeypatch, tmp_path)


def watch(settings: Settings) -> None:
    """Do what happens at night, and twice what happens every quarter of an hour."""
    watches = (pipeline.send_notifications,) * 2
    for measure in (lambda settings: PROOFS.run(settings, False), *watches):
        with contextlib.suppress(ServerError):
            measure(settings)


def problems(settings: Settings) -> list[Problem]:
    try:
        return open_problems(settings)
    except ServerError as error:
        return [no_server(error)]


def monitored(settings: Settings) -> str:
    with patch("oic_assurance.cli.shown.load_settings", lambda: settings):
        return CliRunner().invoke(cli, ["status", "--monitor"]).stdout


def told(settings: Settings) -> tuple[list[tuple[str, str]], str, list[str], dict[str, float]]:
    """Return what the status, a monitor, doctor and the metrics tell."""
    status = [
        (one["title"], cause_of(one["what"])) for one in shown(settings, "status")["problems"]
    ]
    parts = [part for part in shown(settings, "doctor").values() if isinstance(part, list)]
    findings = [one for part in parts for one in part if isinstance(one, dict)]
    bad = [
        cause_of(one["what"])
        for one in findings
        if "problem_code" in one or one["state"] in ("attention", "failed")
    ]
    kinds = {
        sample.labels[0]: sample.value
        for sample in collect(settings)
        if sample.metric.name == "assurance_problems" and sample.value
    }
    return status, monitored(settings), bad, kinds


@pytest.mark.parametrize(
    "names", [FEW, pytest.param(tuple(FAULTS), marks=pytest.mark.slow)], ids=len
)
def test_a_fault_is_told_in_the_same_words_everywhere(
    scene: Scene, names: tuple[str, ...], subtests: pytest.Subtests
) -> None:
    """One fault follows another, each when everybody has been told that the one before is over."""
    watch(scene.settings)
    assert problems(scene.settings) == []
    for name in names:
        with subtests.test(name):
            make_and_mend(name, scene)
    status, monitor, doctor, metrics = told(scene.settings)
    assert (status, doctor, metrics) == ([], [], {})
    assert monitor.startswith("OK")


def make_and_mend(name: str, scene: Scene) -> None:
    kind, make = FAULTS[name]
    settings = scene.settings
    with HttpServer() as web:
        scene.patch.setenv("ASSURANCE_NOTIFY_WEBHOOK", web.address)
        with make(scene):
            watch(settings)
            [problem] = problems(settings)
            assert problem.problem_code == kind
            what = cause_of(problem.what)
            status, monitor, doctor, metrics = told(settings)
            assert status == [(problem.title, what)]
            assert problem.title.partition(": ")[0] in monitor
            assert problem.subject in monitor or kind == "server"
            assert doctor == [what] or kind == "server"
            assert what in doctor
            assert metrics == {kind: 1}
            [(_, begun)] = web.posts
            [change] = begun["changes"]
            assert (change["event"], change["kind"]) == ("new", kind)
            assert cause_of(change["what"]) == what
            assert begun["text"].count(problem.title) == 2
        watch(settings)
        assert problems(settings) == []
        [_, (_, over)] = web.posts
        assert [(one["event"], one["kind"]) for one in over["changes"]] == [("over", kind)]
        assert f"Over: {problem.title}" in over["text"]


def test_a_published_table_with_a_damaged_page_is_a_problem(scene: Scene) -> None:
    def damaged(*_: object, **__: object) -> None:
        raise psycopg.errors.DataCorrupted("invalid page in block 0")

    scene.patch.setattr(warehouse, "fingerprint_audited", damaged)
    PROOFS.run(scene.settings, False)
    [problem] = problems(scene.settings)
    assert (problem.problem_code, "cannot be read" in problem.what) == ("tables", True)
