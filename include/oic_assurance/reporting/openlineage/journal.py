"""The file with the events of one run: one event in each line, as JSON.

While the run goes on, the file's name ends with `.open.jsonl`. Several processes may add lines.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder

KEPT_RUNS = 30
_OPEN, _CLOSED, _SENT = ".open.jsonl", ".jsonl", ".sent"
Event = dict[str, Any]


def folder(settings: Settings) -> Path:
    """Return the folder with the files of the latest runs."""
    return private_folder(settings, settings.log_dir / "openlineage")


class Journal:
    """The events of one run."""

    def __init__(self, place: Path, run_id: str) -> None:
        name = re.sub(r"[^A-Za-z0-9_.+-]", "-", run_id)
        self.open, self.closed = place / f"{name}{_OPEN}", place / f"{name}{_CLOSED}"

    def add(self, lines: Iterable[str]) -> None:
        """Add events. Lines that several processes add at the same time do not mix.

        A person's decision can publish a build after its run was closed. Then the events are added
        to the closed file.
        """
        data = "".join(f"{line}\n" for line in lines).encode()
        path = self.closed if self.closed.exists() else self.open
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, data)
        finally:
            os.close(file)

    def events(self) -> list[Event]:
        """Return the events of a run that is not closed, in order."""
        if not self.open.exists():
            return []
        return [json.loads(line) for line in self.open.read_text(encoding="utf-8").splitlines()]

    def close(self) -> None:
        """Say that the run is over. Only the files of the latest runs are kept."""
        if self.open.exists():
            self.open.replace(self.closed)
        for old in closed_files(self.open.parent)[:-KEPT_RUNS]:
            old.unlink(missing_ok=True)
            sent_file(old).unlink(missing_ok=True)


def find_journal(settings: Settings, run_id: str) -> Journal:
    """Return the events of a run."""
    return Journal(folder(settings), run_id)


def open_journals(settings: Settings) -> Iterator[Journal]:
    """Return the events of each run that is not closed."""
    for path in sorted(folder(settings).glob(f"*{_OPEN}")):
        yield Journal(path.parent, path.name.removesuffix(_OPEN))


def closed_files(place: Path) -> list[Path]:
    """Return the files of runs that are over, the oldest first."""
    files = [path for path in place.glob(f"*{_CLOSED}") if not path.name.endswith(_OPEN)]
    return sorted(files, key=lambda path: (path.stat().st_mtime, path.name))


def sent_file(closed: Path) -> Path:
    """Return the file that says how many bytes of a run's file the collector has taken."""
    return closed.with_suffix(_SENT)


def unfinished(events: Sequence[Event]) -> list[Event]:
    """Return the first event of each job's run that has not ended, the innermost run first."""
    found: dict[str, Event] = {}
    for event in events:
        if event["eventType"] == "START":
            found[event["run"]["runId"]] = event
        else:
            found.pop(event["run"]["runId"], None)
    return list(reversed(found.values()))


def failed_jobs(events: Sequence[Event]) -> list[str]:
    """Return the names of the jobs whose last run has failed."""
    last = {event["job"]["name"]: event["eventType"] for event in events}
    return [name for name, state in last.items() if state == "FAIL"]
