"""Read and hash the evidence of a sign-off. The file itself stays where the force keeps it.

A place is an fsspec URL, such as `sftp://host/evidence/a.pdf`, or a path below the folder that
`ASSURANCE_EVIDENCE` names. A path is stored without this folder, so the folder can be moved.
"""

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.settings import Settings
from oic_assurance.storage.urls import open_url, without_credentials

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Reading:
    """What was found at the place of a piece of evidence.

    `sha256` and `size_bytes` are None if the file could not be read. `why` then says why.
    """

    outcome: Literal["read", "missing", "unreadable"]
    sha256: str | None = None
    size_bytes: int | None = None
    why: str | None = None


def checked_place(settings: Settings, place: str, *, below_folder_only: bool = False) -> str:
    """Check that a place can hold evidence, and return the place without blanks around it.

    With `below_folder_only`, only a path below the folder of evidence is accepted. This is for the
    steps that people make in Airflow. Without it, they could name any file that the pipeline can
    read.

    Raises:
        UsageError: Evidence may not be at this place. The message says why.
    """
    given = place.strip()
    if not given:
        raise UsageError(
            "Evidence needs a place: an fsspec URL or a path below ASSURANCE_EVIDENCE."
        )
    if "://" in given:
        if below_folder_only:
            raise UsageError(
                "In Airflow, evidence is named by its path below the folder ASSURANCE_EVIDENCE."
            )
        if without_credentials(given) != given:
            raise UsageError(
                f"{without_credentials(given)}: leave login, password and query out of the place, "
                "because the place is stored. See docs/how-to/sign-off.md."
            )
        return given
    path = PurePosixPath(given)
    if path.is_absolute() or ".." in path.parts:
        raise UsageError(
            f"'{given}' is not below the folder of evidence: give a path without '..' and without "
            "a leading '/', or an fsspec URL such as file:///evidence/a.pdf."
        )
    if not settings.evidence:
        raise UsageError(
            f"'{given}' is a path, and no folder of evidence is set: set ASSURANCE_EVIDENCE to a "
            "folder or fsspec URL, or give an fsspec URL."
        )
    return given


def read_evidence(settings: Settings, place: str) -> Reading:
    """Read a file from its first to its last byte, and return its SHA-256 and size.

    If there is no such file, the outcome is `missing`. If the place cannot be reached or the file
    cannot be read, nothing is known about the file, and the outcome is `unreadable`. At most
    `CHUNK_BYTES` bytes of the file are in memory at a time.
    """
    root = None if "://" in place else settings.evidence
    if root == "":
        return Reading("unreadable", why="no folder of evidence is set (ASSURANCE_EVIDENCE)")
    url = place if root is None else f"{root.rstrip('/')}/{place}"
    try:
        system, path = open_url(url)
        if root is not None and not system.exists(open_url(root)[1]):
            return Reading("unreadable", why="the folder of evidence is not there")
        return _hashed(system, path)
    except (FileNotFoundError, NotADirectoryError):
        return Reading("missing", why="there is no such file")
    except IsADirectoryError:
        return Reading("missing", why="it is a folder")
    except AssuranceError as error:
        return Reading("unreadable", why=error.message)
    except Exception as error:  # each file system has its own error classes
        why = getattr(error, "strerror", None) or type(error).__name__
        return Reading("unreadable", why=str(why))


def read_new(settings: Settings, place: str) -> Reading:
    """Read evidence that is shown for the first time.

    Raises:
        UsageError: The file cannot be read, or is empty.
    """
    found = read_evidence(settings, place)
    if found.outcome != "read":
        raise UsageError(f"The evidence '{place}' cannot be read: {found.why}.")
    if not found.size_bytes:
        raise UsageError(f"The evidence '{place}' is an empty file.")
    return found


def _hashed(system: Any, path: str) -> Reading:
    if system.isdir(path):
        raise IsADirectoryError(path)
    digest, size = hashlib.sha256(), 0
    with system.open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return Reading("read", digest.hexdigest(), size)
