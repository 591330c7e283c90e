"""Keep the logs of programs for a number of days, and stop a log that is always open from growing.

- A log that was last written more than `ASSURANCE_KEEP_LOGS_DAYS` days ago is deleted.
- A log that is larger than `LARGEST` is cut: its last `TAIL` bytes move to a file with the suffix
  `.1`, which replaces an earlier one. The programs append to their logs, so a program that has the
  log open goes on at the beginning of the file.

Only files that are known as logs by their name are touched. The OpenLineage events have their own
rule (`reporting/openlineage`), and the server's log of statements is read and removed by
`operations/audit`.
"""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from oic_assurance.operations.upkeep.part import Did
from oic_assurance.settings import FIRST, Settings

LARGEST = 20_000_000
TAIL = 1_000_000
OLD = ".1"
SUFFIXES = (".log", ".tsv")
#: Folders inside the folder of logs that have their own rule.
APART = ("openlineage",)
AIRFLOW_LOGS = "AIRFLOW__LOGGING__BASE_LOG_FOLDER"
_DAY = 86_400


def rotate(settings: Settings, dry_run: bool) -> Did:
    """Delete old logs and cut large ones. With `dry_run`, only count them.

    After an interruption, the next call goes on.
    """
    before = time.time() - settings.keep_logs_days * _DAY
    bases = _folders(settings)
    deleted = cut = unknown = 0
    size_before = size_after = 0
    for path in _files(bases):
        try:
            found = path.stat()
        except FileNotFoundError:
            continue  # Another process has deleted it since the folder was listed.
        size_before += found.st_size
        size_after += found.st_size
        if not _is_log(path):
            unknown += 1
        elif found.st_mtime < before:
            deleted += 1
            size_after -= found.st_size
            if not dry_run:
                path.unlink(missing_ok=True)
                _remove_emptied(path.parent, bases)
        elif found.st_size > LARGEST and path.suffix in SUFFIXES:
            cut += 1
            size_after -= found.st_size - TAIL
            if not dry_run:
                _cut(path)
    counts = {"logs deleted": deleted, "logs cut": cut, "files left, not logs": unknown}
    return Did(counts, size_before, size_after)


def _folders(settings: Settings) -> list[Path]:
    """Return the folder of all logs and, if a deployment sets another one, that of Airflow's.

    The forces of a deployment share Airflow's logs, so they are kept with the upkeep of the first.
    """
    given = os.environ.get(AIRFLOW_LOGS, "").strip()
    airflow = Path(given) if given else settings.home / "airflow" / "logs"
    folders = [settings.log_dir]
    is_first = os.environ.get(FIRST, settings.force_code) == settings.force_code
    is_apart = not airflow.resolve().is_relative_to(settings.log_dir.resolve())
    if is_apart and (is_first or not given):
        folders.append(airflow)
    return [folder for folder in folders if folder.is_dir()]


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        for place, names, files in os.walk(folder, topdown=True):
            if Path(place) == folder:
                names[:] = [name for name in names if name not in APART]
            # A link could lead to a file outside the folder.
            yield from (path for name in files if not (path := Path(place, name)).is_symlink())


def _is_log(path: Path) -> bool:
    """Tell whether a file is a log: `x.log`, or an earlier one such as `x.log.1`."""
    name = path.name.removesuffix(path.suffix) if path.suffix[1:].isdigit() else path.name
    return name.endswith(SUFFIXES)


def _cut(path: Path) -> None:
    """Move the end of a log to its `.1` file, and empty the log."""
    earlier = path.with_name(path.name + OLD)
    draft = path.with_name(path.name + OLD + OLD)
    with path.open("rb") as log:
        log.seek(-TAIL, os.SEEK_END)
        log.readline()  # the rest of a line that is not whole
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(log.read())
    draft.replace(earlier)
    os.truncate(path, 0)


def _remove_emptied(folder: Path, bases: Sequence[Path]) -> None:
    """Remove a folder from which the last log was deleted, and each parent that is empty then.

    The folders of logs themselves and the folders directly inside them stay, because programs that
    are running write there.
    """
    while folder not in bases and folder.parent not in bases:
        try:
            folder.rmdir()
        except OSError:
            return  # it is not empty
        folder = folder.parent
