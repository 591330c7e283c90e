"""The files of a back-up: how each is written, encrypted, listed and checked.

A back-up is a folder with four parts: the warehouse (`pg_dump`), the roles of its server, the
archive of deliveries, and a manifest that lists the other three with their hashes. If the back-up
is encrypted, each part is encrypted separately while it is written. So no file ever holds the part
unencrypted.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from pyrage.x25519 import Identity, Recipient

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.landing.erased_keys import layers_here
from oic_assurance.landing.pseudonyms import SECRET as PSEUDONYM_KEY
from oic_assurance.settings import Settings
from oic_assurance.warehouse.encryption import (
    MAGIC,
    DecryptionError,
    Encrypter,
    NoFittingKey,
    decrypted,
)
from oic_assurance.warehouse.secrets import find_secret

FORMAT = "oic-assurance back-up 1"
DUMP, ROLES, ARCHIVE, MANIFEST = "warehouse.dump", "roles.sql", "archive.tar", "manifest.json"
ENCRYPTED = ".age"
CHUNK = 1024 * 1024


class Sink(Protocol):
    """The target to which a part's content is written."""

    def write(self, data: bytes, /) -> int:
        """Write the next bytes."""


@dataclass(frozen=True)
class Part:
    """One file of a back-up, as it is in the back-up's folder."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a back-up contains, and how to check that it is complete."""

    made_at: str
    code: str
    database: str
    server_version: int
    parts: list[Part]
    batches: int
    #: Archived files that `audit.batch` names and that were missing when the back-up was made.
    missing: list[str] = field(default_factory=list)
    #: For each secret in `keys_here`, a keyed hash that identifies the secret without revealing it.
    keys: dict[str, str] = field(default_factory=dict)
    format: str = FORMAT

    def to_bytes(self) -> bytes:
        """Return the manifest as JSON."""
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode() + b"\n"


def keys_here(settings: Settings) -> list[str]:
    """Return the names of the secrets that a restored warehouse needs.

    Without them, officers would get other pseudonyms and erased records would come back.
    """
    return [PSEUDONYM_KEY, *layers_here(settings)]


def marks_of_keys(settings: Settings) -> dict[str, str]:
    """Return a keyed hash for each secret of `keys_here` that exists."""
    found = {name: find_secret(settings, name) for name in keys_here(settings)}
    return {name: _mark(value) for name, value in found.items() if value}


def _mark(value: str) -> str:
    return hmac.new(value.encode(), b"key of a back-up", hashlib.sha256).hexdigest()[:16]


class _HashedFile:
    """A file that hashes and counts bytes while they are written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, data: bytes, /) -> int:
        self._digest.update(data)
        self.size_bytes += len(data)
        return self._file.write(data)


class PartWriter:
    """The writer of one part of a back-up. It encrypts the part to the recipients, if any."""

    def __init__(self, folder: Path, name: str, recipients: Sequence[Recipient]) -> None:
        self._name = name + (ENCRYPTED if recipients else "")
        descriptor = os.open(folder / self._name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._hashed = _HashedFile(self._file)
        target = cast(BinaryIO, self._hashed)
        self._encrypter = Encrypter(target, recipients) if recipients else None
        #: The target to which the content is written.
        self.sink: Sink = self._encrypter or self._hashed

    def finish(self) -> Part:
        """Write the rest to the disk, and return the part."""
        if self._encrypter is not None:
            self._encrypter.finish()
        self._file.flush()
        os.fsync(self._file.fileno())
        return Part(self._name, self._hashed.size_bytes, self._hashed.sha256)

    def close(self) -> None:
        """Close the file, whether it is finished or not."""
        if self._encrypter is not None:
            self._encrypter.discard()
        with suppress(OSError):
            self._file.close()


@contextmanager
def writing(folder: Path, name: str, recipients: Sequence[Recipient]) -> Iterator[PartWriter]:
    """Yield the writer of a part, and close the writer at the end."""
    writer = PartWriter(folder, name, recipients)
    try:
        yield writer
    finally:
        writer.close()


@contextmanager
def reading(path: Path, identities: Sequence[Identity]) -> Iterator[BinaryIO]:
    """Yield the content of a part.

    Raises:
        UsageError: The part is missing, or it is encrypted and no identity can decrypt it.
        AssuranceError: The part is damaged.
    """
    try:
        with path.open("rb") as file:
            is_encrypted = file.read(len(MAGIC)) == MAGIC
            file.seek(0)
            if not is_encrypted:
                yield file
                return
            with decrypted(file, identities) as content:
                yield content
    except FileNotFoundError as error:
        raise UsageError(f"{path} is missing: it is not a complete back-up.") from error
    except NoFittingKey as error:
        raise UsageError(
            f"{path} is encrypted to another key: give the private key with --key FILE."
        ) from error
    except DecryptionError as error:
        raise AssuranceError(f"{path} was changed or cut off after it was made.") from error


def read_manifest(folder: Path, identities: Sequence[Identity]) -> Manifest:
    """Return the manifest of a back-up.

    Raises:
        UsageError: The folder has no manifest, or the manifest cannot be read with the identities.
        AssuranceError: The manifest is damaged, or has the format of another version of the code.
    """
    path = manifest_of(folder)
    with reading(path, identities) as stream:
        text = stream.read()
    try:
        found = json.loads(text)
        if found["format"] != FORMAT:
            raise AssuranceError(f"{path} is of another version: {found['format']}.")
        parts = [Part(**part) for part in found.pop("parts")]
        return Manifest(parts=parts, **found)
    except (ValueError, KeyError, TypeError) as error:
        raise AssuranceError(f"{path} is not the manifest of a back-up.") from error


def manifest_of(folder: Path) -> Path:
    """Return the path of the manifest in a back-up's folder.

    Raises:
        UsageError: The folder has no manifest.
    """
    for name in (MANIFEST + ENCRYPTED, MANIFEST):
        if (folder / name).is_file():
            return folder / name
    raise UsageError(f"{folder} is not a back-up: it has no {MANIFEST}{ENCRYPTED}.")


def part_of(folder: Path, manifest: Manifest, name: str) -> Path:
    """Return the file of a part."""
    return folder / next(one.name for one in manifest.parts if one.name in (name, name + ENCRYPTED))


def check_parts(folder: Path, parts: Sequence[Part]) -> None:
    """Compare the size and hash of each part with those noted when the back-up was made.

    Raises:
        AssuranceError: A part is missing, or its bytes have changed.
    """
    for part in parts:
        path = folder / part.name
        if not path.is_file() or path.stat().st_size != part.size_bytes:
            raise AssuranceError(f"{path} is missing or has another size than when it was made.")
        if sha256_of(path) != part.sha256:
            raise AssuranceError(f"{path} was changed after it was made.")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
