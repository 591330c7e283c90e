"""Heads of the log are shipped to the configured places, and can be read again from files."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.operations.audit.heads import FILE, VARIABLE, Head, places, read_heads
from oic_assurance.settings import Settings
from tests.unit.notifications.servers import HttpServer

HEAD = Head(datetime(2026, 7, 9, 5, 30, tzinfo=UTC), "warehouse", "log", 7, "ab" * 32, "run 1")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, tmp_path, "", "E23000022")


def test_without_a_setting_the_head_goes_to_the_state_folder(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    (place,) = places(settings)
    assert place.name == str(settings.home / FILE)


@pytest.mark.parametrize("given", ["http://example.org/x", "ftp://x", "https://", "syslog://:x"])
def test_another_place_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv(VARIABLE, f"syslog, {given}")
    with pytest.raises(UsageError, match=VARIABLE):
        places(settings)


def test_an_address_is_not_shown_and_gets_the_head(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "https://name:secret@example.org/token")
    (place,) = places(settings)
    assert place.name == "the address at example.org"
    assert "secret" not in repr(place)
    with HttpServer() as server:
        monkeypatch.setenv(VARIABLE, f"{server.address}/token")
        (place,) = places(settings)
        place.ship(HEAD.line())
        server.status = 302
        with pytest.raises(OSError, match="it answered 302"):
            place.ship(HEAD.line())
    assert [(path, head["chain_no"]) for path, head in server.posts] == [("/token", 7)] * 2


def test_a_syslog_server_receives_the_head_and_its_file_is_read(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        monkeypatch.setenv(VARIABLE, f"syslog://127.0.0.1:{receiver.getsockname()[1]}")
        (place,) = places(settings)
        place.ship(HEAD.line())
        received = receiver.recv(65_536).decode().rstrip("\0")
    assert received.startswith("<38>oic-assurance: {")
    saved = tmp_path / "syslog"
    saved.write_text(f"Jul  9 05:30:00 host {received}\nanother line\n\n")
    shipped = read_heads(settings, "warehouse", [str(saved)])
    assert shipped.heads == [HEAD]
    assert shipped.notes == [f"{saved}, line 2: not a head, so it was left out."]
    assert read_heads(settings, "another", [str(saved)]).heads == []
    with pytest.raises(AssuranceError, match="cannot be read: No such file"):
        read_heads(settings, "warehouse", [str(tmp_path / "none")])


def test_a_head_is_not_written_through_a_link(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "link"))
    (place,) = places(settings)
    with pytest.raises(OSError, match="link"):
        place.ship(HEAD.line())
    assert not (tmp_path / "target").exists()
