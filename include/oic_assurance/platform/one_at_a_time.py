"""One run at a time: a lock that ends with the process that holds it, however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder


@contextmanager
def only_one(settings: Settings, what: str) -> Iterator[None]:
    """Hold the lock called `what` of this home, or say in one line who does."""
    path = private_folder(settings, settings.home / "locks") / what
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "another"
            raise AssuranceError(
                f"`assurance {what}` is at work on {settings.home} already (process {holder}): "
                "wait until it has ended."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder_of(settings: Settings, what: str) -> int | None:
    """Return the process that holds a lock, or None when nobody does."""
    path = settings.home / "locks" / what
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        return int(holder) if holder.isdigit() else None
    finally:
        os.close(descriptor)
    return None
