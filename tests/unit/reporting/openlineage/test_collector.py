"""A collector gets every event once and in order, and can neither stop nor hold up a run."""

import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from oic_assurance.reporting.openlineage import collector
from oic_assurance.reporting.openlineage.collector import deliver
from oic_assurance.reporting.openlineage.events import daily_run, started
from oic_assurance.reporting.openlineage.journal import find_journal
from oic_assurance.settings import Settings, load_settings
from tests.lineage_events import faults
from tests.unit.notifications.servers import HttpServer

RUNS = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(4)]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    # The library copies the variables of the collector into other variables.
    for name in [name for name in os.environ if name.startswith("OPENLINEAGE_")]:
        monkeypatch.delenv(name)
    for name in ("TYPE", "URL"):
        monkeypatch.delenv(
            f"OPENLINEAGE__TRANSPORT__TRANSPORTS__DEFAULT_HTTP__{name}", raising=False
        )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return replace(load_settings(), home=tmp_path)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    with HttpServer() as one:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", os.environ["SSL_CERT_FILE"])
        monkeypatch.setenv("OPENLINEAGE_URL", one.address)
        yield one


def add_run(settings: Settings, number: int, events: int = 2) -> None:
    journal = find_journal(settings, f"run-{number}")
    journal.add([started(daily_run(RUNS[number]))] * events)
    journal.close()


def got(server: HttpServer) -> list[str]:
    assert {path for path, _ in server.posts} <= {"/api/v1/lineage"}
    assert [fault for _, event in server.posts for fault in faults(event)] == []
    return [event["run"]["runId"] for _, event in server.posts]


def test_without_a_collector_nothing_is_sent_and_nothing_is_said(
    settings: Settings, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    add_run(settings, 0)
    assert deliver(settings) is None
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []
    assert capsys.readouterr().out == ""


def test_each_event_is_sent_once_and_in_order(settings: Settings, server: HttpServer) -> None:
    add_run(settings, 0)
    add_run(settings, 1)
    delivery = deliver(settings)
    assert delivery is not None
    assert (delivery.sent, delivery.waiting, delivery.failure) == (4, 0, None)
    deliver(settings)
    add_run(settings, 2)
    deliver(settings)
    assert got(server) == [RUNS[0]] * 2 + [RUNS[1]] * 2 + [RUNS[2]] * 2


def test_what_is_sent_is_what_the_file_says(settings: Settings, server: HttpServer) -> None:
    add_run(settings, 0, events=1)
    deliver(settings)
    ((_, sent),) = server.posts
    # The library adds its own version to each event.
    del sent["run"]["facets"]["tags"]
    (line,) = find_journal(settings, "run-0").closed.read_text(encoding="utf-8").splitlines()
    assert sent == json.loads(line)


def test_events_wait_for_a_collector_that_is_ill(
    settings: Settings, server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    add_run(settings, 0)
    deliver(settings)
    server.status = 500
    add_run(settings, 1)
    add_run(settings, 2)
    deliver(settings)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "OpenLineage: the collector has not taken 4 events (HTTPError). The next run sends them."
    ]
    server.status = 200
    server.posts.clear()
    delivery = deliver(settings)
    assert delivery is not None
    assert (delivery.sent, delivery.waiting) == (4, 0)
    assert got(server) == [RUNS[1]] * 2 + [RUNS[2]] * 2


def test_a_collector_that_does_not_answer_holds_nothing_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(collector, "_REQUEST_SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        monkeypatch.setenv("OPENLINEAGE_URL", f"http://ann:secret@127.0.0.1:{port}")
        add_run(settings, 0)
        began = time.monotonic()
        delivery = deliver(settings)
    assert time.monotonic() - began < 5
    assert delivery is not None
    assert (delivery.sent, delivery.waiting) == (0, 2)
    assert "secret" not in caplog.text


def test_a_slow_collector_is_left_alone_in_the_end(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: object) -> None:
        time.sleep(1)

    monkeypatch.setattr(collector, "PATIENCE", 0.2)
    monkeypatch.setattr(collector, "_send", slow)
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    add_run(settings, 0)
    began = time.monotonic()
    delivery = deliver(settings)
    assert time.monotonic() - began < 0.9
    assert delivery is not None
    assert delivery.failure == "no answer within 0 seconds"


def test_a_collector_that_is_away_is_noticed_at_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OPENLINEAGE_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        add_run(settings, 0)
        began = time.monotonic()
        delivery = deliver(settings)
    assert time.monotonic() - began < 2
    assert delivery is not None
    assert delivery.failure == "ConnectionError"


def test_the_configuration_file_of_the_library_is_read(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "openlineage.yml"
    file.write_text(
        f"transport:\n  type: file\n  log_file_path: {tmp_path}/events\n  append: true\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("OPENLINEAGE_CONFIG", str(file))
    add_run(settings, 0)
    deliver(settings)
    assert len((tmp_path / "events").read_text(encoding="utf-8").splitlines()) == 2


def test_a_configuration_that_is_wrong_is_told_and_stops_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "pigeon")
    add_run(settings, 0)
    delivery = deliver(settings)
    assert delivery is not None
    assert delivery.failure == "ImportError"
    assert "The next run sends them" in caplog.text


@pytest.mark.parametrize("verify", ["true", "false"])
def test_if_tls_is_required_nothing_is_sent_without_it(
    settings: Settings, server: HttpServer, verify: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_REQUIRE_TLS", "verify-full")
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "http")
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__URL", server.address)
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__VERIFY", verify)
    add_run(settings, 0)
    delivery = deliver(settings)
    assert delivery is not None
    assert (delivery.sent, delivery.failure) == (
        (2, None) if verify == "true" else (0, "NotProtectedError")
    )
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__VERIFY", "true")
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__URL", server.address.replace("https", "http"))
    add_run(settings, 1)
    delivery = deliver(settings)
    assert delivery is not None
    assert (delivery.sent, delivery.failure) == (0, "NotProtectedError")
