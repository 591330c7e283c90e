"""Redirect the output of libraries to a log file, so that the terminal stays readable."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder

KEPT_LOGS = 30
OUTPUT, ERRORS = 1, 2


@contextmanager
def to_log(settings: Settings, shown: int = OUTPUT) -> Iterator[tuple[Path, TextIO]]:
    """During the block, redirect standard output and standard error to a log file.

    Yields the path of the log file, and a stream for text that the user must still see. The stream
    goes to the original standard output or, if `shown` is `ERRORS`, to the original standard error.

    This function redirects the file descriptors, because Airflow, dbt and child processes write to
    them directly. Replacing `sys.stdout` and `sys.stderr` would not redirect that output.
    """
    folder = private_folder(settings, settings.log_dir)
    log = folder / f"run-{os.getpid()}.log"
    sys.stdout.flush()
    sys.stderr.flush()
    before = {descriptor: os.dup(descriptor) for descriptor in (OUTPUT, ERRORS)}
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    try:
        os.dup2(file, OUTPUT)
        os.dup2(file, ERRORS)
        with os.fdopen(os.dup(before[shown]), "w", encoding="utf-8", errors="replace") as screen:
            yield log, screen
    finally:
        for descriptor, stream in ((OUTPUT, sys.stdout), (ERRORS, sys.stderr)):
            try:
                stream.flush()
            except OSError:
                # The disk is full, and what the stream still holds is dropped. An error here would
                # replace the one that the user must read, and the rest of the stream would fail
                # again when the program ends.
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, descriptor)
                os.close(nowhere)
                stream.flush()
            os.dup2(before[descriptor], descriptor)
            os.close(before[descriptor])
        os.close(file)
        for old in sorted(folder.glob("run-*.log"), key=os.path.getmtime)[:-KEPT_LOGS]:
            old.unlink(missing_ok=True)
