"""Keeps the screen for people: what libraries print goes to a log file."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder

KEPT_LOGS = 30


@contextmanager
def to_log(settings: Settings) -> Iterator[tuple[Path, TextIO]]:
    """Send standard output and error to a log file, and give back the terminal to write on.

    By file descriptor, not by `sys.stdout`: Airflow, dbt and their children write where they like.
    """
    folder = private_folder(settings, settings.log_dir)
    log = folder / f"run-{os.getpid()}.log"
    sys.stdout.flush()
    sys.stderr.flush()
    terminal, errors = os.dup(1), os.dup(2)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    try:
        os.dup2(file, 1)
        os.dup2(file, 2)
        with os.fdopen(os.dup(terminal), "w", encoding="utf-8", errors="replace") as screen:
            yield log, screen
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(terminal, 1)
        os.dup2(errors, 2)
        for descriptor in (terminal, errors, file):
            os.close(descriptor)
        _keep_latest(folder)


def _keep_latest(folder: Path) -> None:
    logs = sorted(folder.glob("run-*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in logs[KEPT_LOGS:]:
        old.unlink(missing_ok=True)
