"""Locks that stop a command from running twice at the same time on one state folder.

A lock is a locked file in the state folder. The operating system releases it when the process that
holds it ends, even if the process is killed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder


@contextmanager
def only_one(settings: Settings, command: str) -> Iterator[None]:
    """Hold a command's lock in this state folder during the block. Do not wait for the lock.

    Raises:
        AssuranceError: Another process holds the lock. The message names that process.
    """
    path = private_folder(settings, settings.home / "locks") / command
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "another"
            raise AssuranceError(
                f"`assurance {command}` is running on {settings.home} already (process {holder}): "
                "wait until it has ended."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder_of(settings: Settings, command: str) -> int | None:
    """Return the ID of the process that holds a command's lock, or None if no process holds it."""
    path = settings.home / "locks" / command
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
