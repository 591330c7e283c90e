"""Write a release's files into a draft folder, and give it its final name when it is complete.

Only the owner can read the draft. So others see either no folder, or a complete one.
"""

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder

FOLDER = "releases"
SUMS = "SHA256SUMS"
WITHDRAWN = "WITHDRAWN.html"
# Everybody may read what was released.
_FOLDER_MODE, _FILE_MODE = 0o755, 0o644


def release_folder(settings: Settings, release_id: int | None, to: Path | None) -> Path:
    """Return the folder for a release's files: `to`, or a folder in the state folder.

    A draft, which is no release, has no number.

    Raises:
        UsageError: `to` exists and is not an empty folder.
    """
    if to is None:
        return settings.home / FOLDER / (f"release-{release_id}" if release_id else "draft")
    folder = to.expanduser().resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not an empty folder: choose another one.")
    return folder


def write_draft(settings: Settings, folder: Path, files: Mapping[str, bytes]) -> str:
    """Write files, and the list of their hashes, into a draft folder. Return the list's SHA-256.

    A draft left by an interrupted release is replaced.

    Raises:
        AssuranceError: The files cannot be written.
    """
    sums = sums_file(files)
    try:
        if folder.parent == settings.home / FOLDER:
            private_folder(settings, folder.parent)
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = _draft(folder)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        for name, content in {**files, SUMS: sums}.items():
            _write(draft / name, content)
        _sync(draft)
    except OSError as error:
        raise _not_written(folder, error) from error
    return hashlib.sha256(sums).hexdigest()


def place_draft(folder: Path, *, for_all: bool = True) -> None:
    """Give a draft folder its final name, and let others read it.

    Without `for_all`, only its owner may read it, and it replaces an earlier folder of that name.

    Raises:
        AssuranceError: The folder cannot be renamed.
    """
    try:
        draft = _draft(folder)
        if for_all:
            draft.chmod(_FOLDER_MODE)
        else:
            shutil.rmtree(folder, ignore_errors=True)
        draft.replace(folder)
        _sync(folder.parent)
    except OSError as error:
        raise _not_written(folder, error) from error


def remove_draft(folder: Path) -> None:
    """Remove the draft of a release's folder, if there is one."""
    shutil.rmtree(_draft(folder), ignore_errors=True)


def add_note(folder: Path, page: bytes) -> Path | None:
    """Add a note that a release is withdrawn. Return its path, or None if the folder is gone."""
    if not folder.is_dir():
        return None
    draft = folder / f".{WITHDRAWN}"
    try:
        _write(draft, page)
        return draft.replace(folder / WITHDRAWN)
    except OSError as error:
        raise _not_written(folder / WITHDRAWN, error) from error


def sums_file(files: Mapping[str, bytes]) -> bytes:
    """Return the list of the files' SHA-256 hashes, in the format that `sha256sum` checks."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(lines).encode("utf-8")


def _draft(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.draft")


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(_FILE_MODE)


def _sync(folder: Path) -> None:
    """Write a folder's entries to disk, so that they survive a power failure."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _not_written(place: Path, error: OSError) -> AssuranceError:
    return AssuranceError(f"{place} cannot be written: {error.strerror or error}.")
