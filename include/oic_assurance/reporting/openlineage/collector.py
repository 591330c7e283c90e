"""Send the events of runs to a collector, as the configuration of OpenLineage's library says.

Events are sent after a run, from its file. What the collector does not take stays in the file and
is sent after the next run. Sending takes at most `PATIENCE` seconds.
"""

import json
import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.transport.console import ConsoleTransport
from openlineage.client.transport.file import FileTransport
from openlineage.client.transport.http import HttpTransport
from openlineage.client.transport.noop import NoopConfig, NoopTransport

from oic_assurance.reporting.openlineage.journal import closed_files, folder, sent_file
from oic_assurance.settings import Settings
from oic_assurance.warehouse.transport import tls_is_required

LOG = logging.getLogger(__name__)
PATIENCE = 20.0
#: How long one request may take.
_REQUEST_SECONDS = 3.0


class NotProtectedError(Exception):
    """The deployment requires TLS, and the collector's connection has none, or is not checked."""


@dataclass
class Delivery:
    """How many events the collector has taken, and why it has not taken more."""

    sent: int = 0
    waiting: int = 0
    failure: str | None = None


def deliver(settings: Settings) -> Delivery | None:
    """Send the events of all kept runs that the collector has not taken yet.

    Returns None if no collector is configured. A failure is logged as one warning.
    """
    if not _is_configured():
        return None
    delivery = Delivery()
    place = folder(settings)
    # The thread is left alone if the collector does not answer in time.
    sender = threading.Thread(target=_send, args=(place, delivery), daemon=True)
    sender.start()
    sender.join(PATIENCE)
    if sender.is_alive():
        delivery.failure = f"no answer within {PATIENCE:.0f} seconds"
    delivery.waiting = _waiting(place)
    if delivery.failure:
        LOG.warning(
            "OpenLineage: the collector has not taken %d events (%s). The next run sends them.",
            delivery.waiting,
            delivery.failure,
        )
    return delivery


def _send(place: Path, delivery: Delivery) -> None:
    """Send events, the oldest first, until one is not taken."""
    try:
        client = _client()
        for path in closed_files(place):
            taken = _taken(path)
            with path.open("rb") as file:
                file.seek(taken)
                for line in file:
                    client.emit(_event(json.loads(line)))
                    taken += len(line)
                    sent_file(path).write_text(str(taken), encoding="ascii")
                    delivery.sent += 1
    except Exception as error:
        # The message of the error can contain an address with a password.
        delivery.failure = type(error).__name__


def _is_configured() -> bool:
    """Tell whether the configuration of OpenLineage's library names a collector."""
    if os.environ.get("OPENLINEAGE_URL"):
        return True
    return bool(OpenLineageClient(transport=NoopTransport(NoopConfig())).config.transport)


def _client() -> OpenLineageClient:
    client = OpenLineageClient()
    if tls_is_required() and not _is_protected(client.transport):
        raise NotProtectedError
    if isinstance(client.transport, HttpTransport):
        # One attempt is enough, because the next run sends the event again.
        client.transport.timeout = min(client.transport.timeout, _REQUEST_SECONDS)
        client.transport.config.retry = {"total": 0}
    return client


def _is_protected(transport: Any) -> bool:
    """Tell whether events stay on this machine, or go to a server whose certificate is checked."""
    if isinstance(transport, HttpTransport):
        return transport.url.lower().startswith("https://") and transport.verify is not False
    return isinstance(transport, ConsoleTransport | FileTransport)


def _event(line: Mapping[str, Any]) -> RunEvent:
    """Return the event that a line of a run's file describes."""
    return RunEvent(
        eventTime=line["eventTime"],
        producer=line["producer"],
        eventType=RunState(line["eventType"]),
        run=Run(**line["run"]),
        job=Job(**line["job"]),
        inputs=[InputDataset(**one) for one in line["inputs"]],
        outputs=[OutputDataset(**one) for one in line["outputs"]],
    )


def _waiting(place: Path) -> int:
    """Return how many events the collector has not taken."""
    count = 0
    for path in closed_files(place):
        with path.open("rb") as file:
            file.seek(_taken(path))
            count += sum(1 for _ in file)
    return count


def _taken(path: Path) -> int:
    sent = sent_file(path)
    return int(sent.read_text(encoding="ascii")) if sent.exists() else 0
