"""List and read the files in the dropzone.

The dropzone is any fsspec URL. A file that has its final name is complete, so there is no need to
wait until its size stops changing. Names that end with `.part` or `.tmp` are unfinished files.
Extensions and names are matched without regard to case (source contract, *Files*).
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from oic_assurance.clock import london_day, start_of_day, utc_now
from oic_assurance.errors import SourceUnavailable, UsageError
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import DAY, Dataset, FilePlace, ManifestRule
from oic_assurance.sources.files.not_taken import NO_FOLDER, why_not_taken
from oic_assurance.sources.national.manifest import LARGEST_MANIFEST, manifest_name
from oic_assurance.storage.urls import is_local, modified_at, open_url, without_credentials

CHUNK_BYTES = 1024 * 1024
#: The largest file that is copied to memory while it is read. A larger file is copied to disk.
MEMORY_BYTES = 16 * 1024 * 1024
#: The longest name of a file that is listed as not taken. A longer name is cut.
LONGEST_NAME = 120


@dataclass(frozen=True)
class DroppedFile:
    """One complete file in the dropzone."""

    name: str
    path: str
    size_bytes: int
    modified_at: datetime
    #: When the content, name or times of the file last changed. None if the file system does not
    #: record such a time.
    changed_at: datetime | None
    #: The version time of the delivery: the start of the day in the name of the file, or
    #: `modified_at` if such names have no day. None if the name has a day that does not exist.
    delivered_for: datetime | None
    #: The code of the force in the name. Empty if such names have none.
    force: str = ""


@dataclass(frozen=True, order=True)
class NotTaken:
    """A file or folder in the dropzone that is not taken as a delivery.

    `name` ends with a slash if it is a folder.
    """

    name: str
    reason: str
    #: When the file was last modified. None for a folder.
    modified_at: datetime | None = field(default=None, compare=False)


@dataclass
class Listing:
    """The files in the folder of a dataset."""

    #: The deliveries, sorted by version time.
    files: list[DroppedFile] = field(default_factory=list)
    #: The other files and folders in the folder, and why they are not deliveries.
    not_taken: list[NotTaken] = field(default_factory=list)
    #: Whether the dropzone has the folder of the dataset.
    has_folder: bool = True


@dataclass(frozen=True)
class Content:
    """A copy of the bytes of a file. Later changes to the file do not affect it."""

    stream: IO[bytes]
    size_bytes: int
    sha256: str


class Dropzone:
    """The root folder under which sources drop files.

    Raises:
        UsageError: The package for the URL is not installed.
        SourceUnavailable: The file system cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.dropzone
        #: The URL without login, password and token, for messages.
        self.place = without_credentials(settings.dropzone)
        try:
            self._system, self._root = open_url(self._url)
        except UsageError:
            raise
        except Exception as error:  # each file system has its own error classes
            raise self._unavailable(error) from error

    @property
    def is_local(self) -> bool:
        """Whether the dropzone is a local folder, where reading a file costs almost nothing."""
        return is_local(self._url)

    def listing(self, dataset: Dataset) -> Listing:
        """List the files of a dataset, sorted by version time.

        Raises:
            SourceUnavailable: The dropzone does not exist or cannot be read.
        """
        place = dataset.files
        found = Listing()
        for entry in self._entries(f"{self._root.rstrip('/')}/{place.folder}", found):
            self._add_entry(entry, place, found)
        found.files.sort(key=lambda file: (file.delivered_for or file.modified_at, file.name))
        # `_harmless` replaces unusual characters in names, so two different names can become the
        # same. Then only one of them is listed.
        found.not_taken = sorted({one.name: one for one in found.not_taken}.values())
        return found

    @contextmanager
    def read(self, file: DroppedFile) -> Iterator[Content]:
        """Yield a copy of a file, with its size and SHA-256.

        Raises:
            FileNotFoundError: The file was removed since it was listed.
            SourceUnavailable: The file cannot be read.
        """
        digest = hashlib.sha256()
        size = 0
        with SpooledTemporaryFile(max_size=MEMORY_BYTES) as copy:
            try:
                with self._system.open(file.path, "rb") as stream:
                    while chunk := stream.read(CHUNK_BYTES):
                        digest.update(chunk)
                        size += len(chunk)
                        copy.write(chunk)
            except FileNotFoundError:
                raise
            except Exception as error:  # each file system has its own error classes
                raise self._unavailable(error, file.path) from error
            copy.seek(0)
            yield Content(copy, size, digest.hexdigest())

    def manifest(self, rule: ManifestRule, file: DroppedFile) -> bytes | None:
        """Return the manifest of a file's force for the file's day, or None if there is none.

        Raises:
            SourceUnavailable: The manifest cannot be read.
        """
        if file.delivered_for is None:
            return None
        name = manifest_name(file.force, london_day(file.delivered_for))
        path = f"{self._root.rstrip('/')}/{rule.folder}/{name}"
        try:
            # One byte more than is allowed, so that a manifest that is too large is noticed.
            with self._system.open(path, "rb") as stream:
                return bytes(stream.read(LARGEST_MANIFEST + 1))
        except FileNotFoundError:
            return None
        except Exception as error:  # each file system has its own error classes
            raise self._unavailable(error, path) from error

    def _entries(self, folder: str, listing: Listing) -> list[dict[str, Any]]:
        try:
            self._system.invalidate_cache()
            if not self._system.isdir(folder):
                listing.has_folder = False
                missing = folder.removeprefix(self._root).strip("/")
                listing.not_taken.append(NotTaken(f"{missing}/", NO_FOLDER))
                if not self._system.isdir(self._root):
                    raise SourceUnavailable(
                        f"The dropzone {self.place} does not exist or cannot be read. Mount it, or "
                        "create it if this is the first run: `assurance sources create`."
                    )
                return []
            return list(self._system.ls(folder, detail=True))
        except SourceUnavailable:
            raise
        except Exception as error:  # each file system has its own error classes
            raise self._unavailable(error, folder) from error

    def _add_entry(self, entry: dict[str, Any], place: FilePlace, listing: Listing) -> None:
        name = str(entry["name"]).rstrip("/").rsplit("/", 1)[-1]
        is_folder = entry.get("type") == "directory"
        is_link = bool(entry.get("islink")) or entry.get("type") not in ("file", "directory")
        reason = why_not_taken(name, place, is_folder=is_folder, is_link=is_link)
        match = place.pattern.fullmatch(name)
        modified = None if is_folder else modified_at(self._system, entry)
        has_day = match is not None and DAY in place.file
        delivered_for = _start_of(match["day"]) if match and has_day else modified
        if reason is None and delivered_for and london_day(delivered_for) > london_day(utc_now()):
            dated = "it is dated" if has_day else "it was last changed on"
            reason = f"{dated} {london_day(delivered_for):%-d %B %Y}, which is in the future"
        if reason is not None or match is None or modified is None:
            shown = NotTaken(
                _harmless(name) + ("/" if is_folder else ""),
                reason or f"only {place.file} is taken",
                modified,
            )
            listing.not_taken.append(shown)
            return
        listing.files.append(
            DroppedFile(
                name,
                entry["name"],
                int(entry["size"]),
                modified,
                self._changed_at(entry),
                delivered_for,
                match["force"].upper() if place.manifest else "",
            )
        )

    def _changed_at(self, entry: dict[str, Any]) -> datetime | None:
        # For a local file on Linux, fsspec gives the ctime as "created". This is the time when the
        # content or the metadata of the file last changed.
        if not self.is_local or entry.get("created") is None:
            return None
        return datetime.fromtimestamp(entry["created"], UTC)

    def _unavailable(self, error: Exception, path: str = "") -> SourceUnavailable:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        reason = reason.replace(self._url, self.place).rstrip(".")
        place = f"{self.place} ({path})" if path else self.place
        return SourceUnavailable(f"The dropzone {place} cannot be read: {reason}.")


def _harmless(name: str) -> str:
    """Return a file name that can be stored and shown on a terminal.

    Everybody who can write to the dropzone can choose names. A name can contain control characters,
    or bytes that are not UTF-8. Each of them is replaced with `?`. A long name is cut.
    """
    shown = "".join(character if character.isprintable() else "?" for character in name)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 1]}…"


def _start_of(day: str) -> datetime | None:
    try:
        return start_of_day(date(int(day[:4]), int(day[4:6]), int(day[6:])))
    except (ValueError, OverflowError):
        return None
