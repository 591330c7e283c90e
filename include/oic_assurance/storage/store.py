"""A store: the files in one place, which is a folder or an fsspec URL.

Workers on several hosts share what is in a store. So each store keeps these promises:

- A file with its final name is complete. Until then it is a draft: a local file with a temporary
  name, or a file that the other hosts do not see at all.
- A new file never replaces another one, unless the caller asks for that.
- A place that cannot be reached is an error of one line, and never looks like a missing file.

In a local folder, only the owner can read the files and the folders that are made here. On other
machines, the rights of the account or the bucket decide.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.settings import Settings
from oic_assurance.storage.urls import (
    SFTP,
    is_local,
    local_path,
    modified_at,
    open_url,
    protocol_of,
    without_credentials,
)
from oic_assurance.warehouse.folders import private_folder

UNFINISHED = ".part"
#: Protocols with which an upload is visible only when it is complete.
_ATOMIC = frozenset({"abfs", "abfss", "az", "gcs", "gs", "memory", "s3", "s3a"})
_CHUNK_BYTES = 1024 * 1024
_S3 = frozenset({"s3", "s3a"})
#: How many bytes of a file are in memory at a time while it is read from or written to S3, and how
#: many such parts are written at the same time. The package's own sizes need hundreds of megabytes.
_PART_BYTES, _PARTS = 16 * 1024 * 1024, 2
#: The largest file of another machine that is copied to memory while it is read. A larger file is
#: copied to disk.
_MEMORY_BYTES = 16 * 1024 * 1024


class Draft(Protocol):
    """A file that is being written. Nobody else can see it under its final name yet."""

    #: The local file to write to.
    file: BinaryIO

    def publish(self, *, replace: bool = False) -> str:
        """Give the file its final name, and return the name.

        If the name is taken and `replace` is false, the file gets another name.

        Raises:
            OSError: The local disk is full or fails.
            ServerError: The other machine does not accept the file.
        """

    def discard(self) -> None:
        """Remove the draft. Does nothing after `publish`."""


class Store(Protocol):
    """The files in one place. A name is a relative path, such as `batches/hr/personnel/7.gz`."""

    @property
    def place(self) -> str:
        """The path or the URL of the place, without credentials."""

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file for reading. The stream can be searched.

        Raises:
            FileNotFoundError: There is no such file.
            OSError: The local disk fails.
            ServerError: The other machine cannot be reached.
        """

    def draft(self, name: str) -> Draft:
        """Begin a new file. Until `publish`, it is a draft."""

    def move(self, source: str, target: str) -> None:
        """Give a file another name. A file with that name is replaced."""

    def remove(self, name: str) -> None:
        """Remove a file. Does nothing if there is no such file."""

    def files(self, folder: str) -> dict[str, float]:
        """Return the names of the files in a folder and in its subfolders, sorted.

        Each has the time when it was last modified, in seconds since 1970. Drafts that interrupted
        writers have left are listed too.

        Raises:
            ServerError: The other machine cannot be reached.
        """


def overwrite(store: Store, name: str, content: bytes) -> None:
    """Write a whole file, in place of the one of that name.

    Raises:
        OSError: The local disk is full or fails.
        ServerError: The other machine does not accept the file.
    """
    draft = store.draft(name)
    try:
        draft.file.write(content)
        draft.publish(replace=True)
    finally:
        draft.discard()


@dataclass(frozen=True)
class StoredFile:
    """One file of a store. It may not exist yet."""

    store: Store
    name: str

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Open the file for reading. `Store.open` lists the errors."""
        return self.store.open(self.name)

    def with_ending(self, ending: str) -> "StoredFile":
        """Return the file that has this name and a further ending."""
        return StoredFile(self.store, self.name + ending)

    def move_to(self, target: "StoredFile") -> None:
        """Replace another file of the store with this one."""
        self.store.move(self.name, target.name)

    def remove(self) -> None:
        """Remove the file, if there is one."""
        self.store.remove(self.name)

    def __str__(self) -> str:
        """Return the last part of the name, for messages."""
        return self.name.rsplit("/", 1)[-1]


def open_store(settings: Settings, url: str, *, what: str, prefix: str, is_own: bool) -> Store:
    """Return the store at a URL. Another machine is connected to when the store is first used.

    `what` is the word for the store in messages, such as "archive". Names of files begin with
    `prefix`, for which the URL stands. `is_own` says that the place is in the state folder, where
    missing folders are created.
    """
    if is_local(url):
        return _LocalStore(settings, local_path(url), what, prefix, is_own=is_own)
    return _RemoteStore(url, what, prefix)


def distinct(name: str) -> str:
    """Return another name for a file, such as `7-1f3a-x.gz` for `7-x.gz`."""
    folder, slash, last = name.rpartition("/")
    head, dash, rest = last.partition("-")
    token = secrets.token_hex(4)
    return f"{folder}{slash}{head}-{token}{dash}{rest}" if dash else f"{name}-{token}"


def _below(prefix: str, name: str) -> str:
    """Return a name without the prefix for which the place stands."""
    return f"{name}/".removeprefix(prefix).rstrip("/")


# -------------------------------------------------------------------- a local folder


class _LocalStore:
    """A store in a folder of this machine, or in one that is mounted on it."""

    def __init__(
        self, settings: Settings, root: Path, what: str, prefix: str, *, is_own: bool
    ) -> None:
        if not is_own and not root.is_dir():
            # If the folder were created, the files would be hidden as soon as it is mounted.
            raise ServerError(
                f"The {what} {root} cannot be reached: there is no such folder. Mount it, or create"
                " it if this is the first run."
            )
        self.place = str(root)
        self._settings, self._root, self._prefix, self._is_own = settings, root, prefix, is_own
        #: The paths of the folders that exist already, by name.
        self._folders: dict[str, str] = {}

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        return self._path(name).open("rb")

    def draft(self, name: str) -> Draft:
        folder, _, last = _below(self._prefix, name).rpartition("/")
        if folder not in self._folders:
            self._make(folder)
        return _LocalDraft(self._folders[folder], last, name)

    def _make(self, folder: str) -> None:
        """Make a folder of the store that only the owner can read."""
        if self._is_own:
            private_folder(self._settings, self._root)
        place = self._root
        for part in Path(folder).parts:
            place /= part
            place.mkdir(mode=0o700, exist_ok=True)
        self._folders[folder] = str(place)

    def move(self, source: str, target: str) -> None:
        path = self._path(target)
        self._path(source).replace(path)
        _sync(path.parent)

    def remove(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def files(self, folder: str) -> dict[str, float]:
        found = {}
        place = self._path(folder)
        for top, _, names in os.walk(place, onerror=_raise):
            for name in names:
                path = Path(top, name)
                # Another process can remove a file while the files are listed.
                with suppress(FileNotFoundError):
                    found[f"{folder}/{path.relative_to(place)}"] = path.stat().st_mtime
        return dict(sorted(found.items()))

    def _path(self, name: str) -> Path:
        return self._root / _below(self._prefix, name)


class _LocalDraft:
    """A local file with a temporary name."""

    def __init__(self, folder: str, last: str, name: str) -> None:
        # Thousands of small files are archived at a time. `Path` would take half of that time.
        self._folder, self._path, self._name = folder, f"{folder}/{last}", name
        self._draft = self._path + UNFINISHED
        descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self.file: BinaryIO = os.fdopen(descriptor, "wb")
        self._is_published = False

    def publish(self, *, replace: bool = False) -> str:
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        if not replace:
            self._reserve()
        os.replace(self._draft, self._path)  # noqa: PTH105 - see above
        # A batch that is on record must have its file after a power failure, under this name.
        _sync(self._folder)
        self._is_published = True
        return self._name

    def _reserve(self) -> None:
        """Create the file with its final name, so that nobody else can take that name."""
        try:
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            self._name = distinct(self._name)
            self._path = f"{self._folder}/{self._name.rpartition('/')[2]}"
            self._reserve()

    def discard(self) -> None:
        if self._is_published:
            return
        with suppress(OSError):
            self.file.close()
        Path(self._draft).unlink(missing_ok=True)


def _raise(error: OSError) -> None:
    """Raise an error of a listing, unless the folder does not exist."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _sync(folder: str | Path) -> None:
    """Write a folder's entries to disk, so that they survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# -------------------------------------------------------------------- another machine


class _RemoteStore:
    """A store on another machine, which fsspec reaches."""

    def __init__(self, url: str, what: str, prefix: str) -> None:
        self.place = without_credentials(url)
        self.is_atomic = protocol_of(url) in _ATOMIC
        self._url, self._what, self._prefix = url, what, prefix
        self._reading: dict[str, int] = {}
        self._writing: dict[str, int] = {}
        if protocol_of(url) in _S3:
            self._reading = {"block_size": _PART_BYTES}
            self._writing = {"chunksize": _PART_BYTES, "max_concurrency": _PARTS}

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        system, root = open_url(self._url)
        return system, root.rstrip("/")

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        # The whole file is copied first. So a lost connection is never taken for a damaged file.
        with tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES) as copy:
            with (
                self._using("read", name) as (system, path),
                system.open(path, "rb", **self._reading) as stream,
            ):
                shutil.copyfileobj(stream, copy, _CHUNK_BYTES)
            copy.seek(0)
            yield cast(BinaryIO, copy)

    def draft(self, name: str) -> Draft:
        return _RemoteDraft(self, name)

    def move(self, source: str, target: str) -> None:
        with self._using("changed", target) as (system, path):
            _move(system, self._path(source), path, is_atomic=self.is_atomic)

    def remove(self, name: str) -> None:
        with suppress(FileNotFoundError), self._using("changed", name) as (system, path):
            system.rm_file(path)

    def files(self, folder: str) -> dict[str, float]:
        with suppress(FileNotFoundError), self._using("read", folder) as (system, path):
            system.invalidate_cache()
            found = system.find(path, detail=True)
            return {
                f"{folder}{place.removeprefix(path)}": modified_at(system, found[place]).timestamp()
                for place in sorted(found)
            }
        return {}

    def upload(self, file: BinaryIO, name: str) -> None:
        """Store the content of a local file under a name."""
        with self._using("written", name) as (system, path):
            if self.is_atomic:
                # fsspec wants a path. This one leads to the open file, which has no name itself.
                system.put_file(f"/dev/fd/{file.fileno()}", path, **self._writing)
                return
            rights = {"permissions": 0o700} if protocol_of(self._url) in SFTP else {}
            system.makedirs(path.rpartition("/")[0], exist_ok=True, **rights)
            unfinished = f"{path}.{secrets.token_hex(4)}{UNFINISHED}"
            file.seek(0)
            with system.open(unfinished, "wb") as target:
                shutil.copyfileobj(file, target, _CHUNK_BYTES)
            _move(system, unfinished, path, is_atomic=False)

    def _path(self, name: str) -> str:
        return "/".join(filter(None, (self._opened[1], _below(self._prefix, name))))

    @contextmanager
    def _using(self, how: str, name: str) -> Iterator[tuple[Any, str]]:
        """Yield the file system and the path of a file. Turn its errors into one line.

        Raises:
            FileNotFoundError: There is no such file, and it was to be read or changed.
            ServerError: Any other error of the file system.
        """
        try:
            yield self._opened[0], self._path(name)
        except AssuranceError:
            raise
        except Exception as error:  # each file system has its own error classes
            if isinstance(error, FileNotFoundError) and how != "written":
                raise
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            reason = reason.replace(self._url, self.place).rstrip(".")
            raise ServerError(
                f"The {self._what} {self.place} cannot be {how} ({name}): {reason}. Check that it"
                " can be reached with its credentials, and try again."
            ) from error


class _RemoteDraft:
    """A local file without a name, which is uploaded when it is complete.

    If the process is killed, the operating system removes the file.
    """

    def __init__(self, store: _RemoteStore, name: str) -> None:
        self._store, self._name = store, name
        self.file: BinaryIO = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115

    def publish(self, *, replace: bool = False) -> str:
        self.file.flush()
        # Not every server can refuse a name that is taken. So no two new files have the same name.
        name = self._name if replace else distinct(self._name)
        self._store.upload(self.file, name)
        self.file.close()
        return name

    def discard(self) -> None:
        self.file.close()


def _move(system: Any, source: str, target: str, *, is_atomic: bool) -> None:
    if not is_atomic:
        system.mv(source, target)
        return
    # The target is replaced at one moment. If the process is killed before the source is removed,
    # moving it again is harmless.
    system.cp_file(source, target)
    system.rm_file(source)
