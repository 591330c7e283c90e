"""An archive on S3 and over SFTP that two workers share, on real servers."""

import dataclasses
import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec.config
import pytest

from oic_assurance.batches.archive_key import ARCHIVE_KEY
from oic_assurance.batches.archive_store import archive_store
from oic_assurance.errors import ServerError
from oic_assurance.landing.land import land_dataset
from oic_assurance.operations.encrypt_archive import encrypt_archive
from oic_assurance.operations.erase.erase import erase
from oic_assurance.operations.erase.search import Request
from oic_assurance.operations.verify.verify import verify
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.storage.reports import reports_store, share
from oic_assurance.storage.urls import open_url
from oic_assurance.warehouse.encryption import MAGIC, new_identity
from tests.connectors.sftp_server import SftpServer
from tests.integration.landing.support import World, person

pytestmark = pytest.mark.slow

PEOPLE = "hr/personnel"
BUCKET = "archive"


@pytest.fixture(scope="module")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    server = SftpServer(tmp_path_factory.mktemp("sftp"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["s3", "sftp"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty place on a real server."""
    if request.param == "s3":
        request.getfixturevalue("cloud")
        system, _ = open_url(f"s3://{BUCKET}")
        if not system.exists(BUCKET):
            system.mkdir(BUCKET)
        return f"s3://{BUCKET}/{tmp_path.name}"
    server: SftpServer = request.getfixturevalue("sftp")
    monkeypatch.setitem(fsspec.config.conf, "sftp", {})
    options: dict[str, Any] = server.options()
    monkeypatch.setenv("FSSPEC_SFTP", json.dumps(options))
    fsspec.config.set_conf_env(fsspec.config.conf)
    return f"sftp://127.0.0.1:{server.port}{tmp_path}/there"


@pytest.fixture
def workers(world: World, url: str, tmp_path: Path) -> tuple[Settings, Settings]:
    first = dataclasses.replace(world.settings, archive=f"{url}/archive", reports=f"{url}/shared")
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    # The second worker reaches the same server with the same secrets. Everything else is its own.
    for name in ("postgres", "secrets"):
        (other / name).symlink_to(first.home / name)
    return first, dataclasses.replace(first, home=other)


def disagreements(workers: tuple[Settings, Settings]) -> list[str]:
    return [
        str(one)
        for worker in workers
        for proof in verify(worker, PEOPLE)
        for one in proof.disagreements
    ]


def test_workers_land_verify_encrypt_and_erase_in_one_archive(
    world: World,
    workers: tuple[Settings, Settings],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = workers
    world.personnel("20260101", "000001", "000777", "000003")
    land_dataset(first, PEOPLE, "run 1")
    world.personnel("20260105", "000001", person("000777", "T2"), "000003")
    land_dataset(second, PEOPLE, "run 1")
    assert disagreements(workers) == []

    key = tmp_path / "archive-key"
    key.write_text(str(new_identity()), encoding="ascii")
    key.chmod(0o600)
    monkeypatch.setenv(ARCHIVE_KEY, str(key))
    assert dict(encrypt_archive(second))[PEOPLE] == 2
    declared = dataset(PEOPLE)
    erase(first, Request(declared, declared.tables[0], ("000777",), "asked for"), dry_run=False)
    assert disagreements(workers) == []
    archive = archive_store(first)
    files = list(archive.files("batches"))
    assert [name.rpartition("_")[2] for name in files] == ["20260101.csv.gz", "20260105.csv.gz"]
    for name in files:
        with archive.open(name) as file:
            assert file.read(len(MAGIC)) == MAGIC
    assert not (first.home / "batches").exists()


def test_a_large_file_is_stored_in_parts_and_is_read_unchanged(
    workers: tuple[Settings, Settings],
) -> None:
    first, second = workers
    content = random.Random(7).randbytes(40 * 1024 * 1024)
    draft = archive_store(first).draft("batches/hr/personnel/00000001-large.gz")
    draft.file.write(content)
    name = draft.publish()
    with archive_store(second).open(name) as file:
        assert hashlib.sha256(file.read()).digest() == hashlib.sha256(content).digest()


def test_a_report_is_found_in_the_shared_place(workers: tuple[Settings, Settings]) -> None:
    first, second = workers
    made = second.home / "reports" / "pack" / "assurance-pack.html"
    made.parent.mkdir(parents=True)
    for text in ("of yesterday", "of today"):
        made.write_text(text)
        share(second, made)
    store = reports_store(first)
    assert list(store.files("reports")) == ["reports/pack/assurance-pack.html"]
    with store.open("reports/pack/assurance-pack.html") as file:
        assert file.read() == b"of today"


def test_a_bucket_that_is_missing_and_a_server_that_is_down_are_told_in_one_line(
    world: World, cloud: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.personnel("20260101", "000001")
    worker = dataclasses.replace(world.settings, archive="s3://nowhere/archive")
    with pytest.raises(ServerError, match=r"The archive s3://nowhere/archive cannot be written"):
        land_dataset(worker, PEOPLE, "run 1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(ServerError, match=r"The archive s3://nowhere/archive cannot be") as caught:
        land_dataset(worker, PEOPLE, "run 1")
    assert "sw0rdfish" not in str(caught.value)
    assert world.one("select count(*) from audit.batch") == 0
