"""Look whether the disks have room for the next run, and for the next back-up."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from oic_assurance.operations.backup.scheduled import BACKUPS
from oic_assurance.settings import Settings
from oic_assurance.state.observed import Finding, State
from oic_assurance.storage.urls import is_local, local_path

MB = 1_000_000
#: A run writes at least this much: the candidate, a new generation and the write-ahead log, which
#: alone may take 1 GB.
LEAST = 1_500 * MB
#: With less than this share of what is needed, the next run probably fails.
HARDLY = 0.3


def look_at_disk(settings: Settings) -> Iterator[Finding]:
    """Compare the free space with what a run and a back-up need.

    A run may write the whole warehouse anew. A back-up takes no more than the warehouse and the
    archive, because it is compressed. The size of an archive on another machine is not known here.
    """
    warehouse = size_of(settings.server_dir)
    url = settings.archive_url
    archive = size_of(local_path(url)) if is_local(url) else 0
    yield _room("state folder", settings.home, max(LEAST, warehouse), "the next run")
    backups = os.environ.get(BACKUPS, "").strip()
    if backups:
        yield _room("back-ups", Path(backups), warehouse + archive, "the next back-up")


def _room(subject: str, folder: Path, needed: int, for_what: str) -> Finding:
    if not folder.is_dir():
        return Finding(subject, "failed", f"{folder} is not there", f"`mkdir -p {folder}`")
    free = shutil.disk_usage(folder).free
    what = f"{folder}: {_size(free)} free, {for_what} may need {_size(needed)}"
    if not os.access(folder, os.W_OK):
        return Finding(subject, "failed", f"{folder} cannot be written to", f"`ls -ld {folder}`")
    if free >= needed:
        return Finding(subject, "ok", what, amount=free)
    state: State = "failed" if free < HARDLY * needed else "attention"
    return Finding(subject, state, what, f"make room: `df -h {folder}`", free)


def size_of(folder: Path) -> int:
    """Return the size in bytes of the files in a folder that this account may list."""
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            try:
                total += Path(place, name).lstat().st_size
            except OSError:
                # The server removes files all the time.
                continue
    return total


def _size(number: float) -> str:
    return f"{number / 1e9:,.1f} GB" if number >= 1e9 else f"{number / MB:,.0f} MB"
