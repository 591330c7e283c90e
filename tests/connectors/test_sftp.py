"""A dropzone over SFTP, served by OpenSSH.

Files over SFTP give the same raw rows as local files. An unknown server is refused, and no message
shows a password.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec.config
import pytest

from oic_assurance.errors import SourceUnavailable
from tests.connectors.file_world import FILE_DATASETS, fill, land_all, move
from tests.connectors.sftp_server import SftpServer, Wire
from tests.integration.landing.support import World

pytestmark = pytest.mark.slow

PERSONNEL = "hr/personnel"
Configure = Callable[..., None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    server = SftpServer(tmp_path_factory.mktemp("sftp"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def configure(server: SftpServer, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Configure fsspec with environment variables, as an operator does."""

    def configure(**other: Any) -> None:
        monkeypatch.setitem(fsspec.config.conf, "sftp", {})
        monkeypatch.setenv("FSSPEC_SFTP", json.dumps(server.options(**other)))
        fsspec.config.set_conf_env(fsspec.config.conf)

    configure()
    return configure


def url(world: World, port: int) -> str:
    return f"sftp://127.0.0.1:{port}{world.dropzone}"


def test_files_over_sftp_give_the_same_raw_rows_as_local_files(
    world: World, server: SftpServer, configure: Configure
) -> None:
    fill(world)
    local = land_all(world)
    world.forget()
    move(world, url(world, server.port))
    assert land_all(world) == local


def test_unchanged_files_are_not_read_again(
    world: World, server: SftpServer, configure: Configure
) -> None:
    fill(world)
    path = world.personnel("20260113", *(f"{number:06}" for number in range(1, 20_000)))
    size = path.stat().st_size
    wire = Wire(server.port)
    move(world, url(world, wire.port))
    assert world.land(PERSONNEL).batches == 2
    assert wire.received > size
    before = wire.received
    assert world.land(PERSONNEL).batches == 0
    assert wire.received - before < size / 10
    os.utime(path)
    assert world.land(PERSONNEL).batches == 0
    assert wire.received - before > size
    wire.close()


def test_a_lost_connection_is_an_error_and_a_retry_succeeds(
    world: World, server: SftpServer, configure: Configure
) -> None:
    path = world.personnel("20260113", *(f"{number:06}" for number in range(1, 50_000)))
    wire = Wire(server.port, cut_after=path.stat().st_size // 2)
    move(world, url(world, wire.port))
    with pytest.raises(SourceUnavailable, match="cannot be read"):
        world.land(PERSONNEL)
    assert world.query("select * from audit.batch") == []
    move(world, url(world, server.port))
    assert world.land(PERSONNEL).rows_landed == 49_999
    wire.close()


@pytest.mark.parametrize("known", ["other_hosts", "empty_hosts"])
def test_a_server_with_an_unknown_host_key_is_refused(
    world: World, server: SftpServer, configure: Configure, known: str
) -> None:
    (server.folder / "empty_hosts").touch()
    configure(known_hosts=str(server.folder / known))
    move(world, url(world, server.port))
    with pytest.raises(SourceUnavailable, match=r"[Hh]ost key"):
        world.land(PERSONNEL)


def test_the_check_of_the_host_key_cannot_be_switched_off(
    world: World,
    server: SftpServer,
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    configure(known_hosts=None)
    move(world, url(world, server.port))
    with pytest.raises(SourceUnavailable, match=r"[Hh]ost key"):
        world.land(PERSONNEL)


def test_no_message_shows_a_password_in_the_url(
    world: World, server: SftpServer, configure: Configure
) -> None:
    where = f"127.0.0.1:{server.port}{world.dropzone}"
    for port in (server.port, 1):
        configure(username=None, client_keys=None)
        move(world, f"sftp://clerk:sw0rdf@sh@127.0.0.1:{port}{world.dropzone}")
        with pytest.raises(SourceUnavailable) as caught:
            world.land(PERSONNEL)
        assert "sw0rdf" not in str(caught.value)
        assert f"sftp://{where.replace(str(server.port), str(port))}" in str(caught.value)
    reasons = world.query("select reason from audit.extraction")
    assert len(reasons) == 2
    assert "sw0rdf" not in str(reasons)


def test_the_error_for_a_missing_dropzone_names_it(
    world: World, server: SftpServer, configure: Configure
) -> None:
    move(world, f"sftp://127.0.0.1:{server.port}{world.dropzone}/nowhere")
    with pytest.raises(SourceUnavailable, match=r"nowhere does not exist or cannot be read"):
        world.land(FILE_DATASETS[0])
