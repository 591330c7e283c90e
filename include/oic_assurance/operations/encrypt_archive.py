"""Encrypt batches that were archived without a key or with an earlier key."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from oic_assurance.batches.archive_key import ARCHIVE_KEY, archive_key
from oic_assurance.batches.archive_reader import (
    UnreadableError,
    archived_batches,
    is_encrypted,
    open_packed,
)
from oic_assurance.batches.archive_writer import UNFINISHED
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.settings import Settings
from oic_assurance.sources.files.dropped import CHUNK_BYTES
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.encryption import Encrypter, Key
from oic_assurance.warehouse.locks import dataset_lock, held

ROLE = "oic_landing"


def encrypt_archive(settings: Settings, *, again: bool = False) -> Iterator[tuple[str, int]]:
    """Encrypt the force's archived files that are not encrypted yet.

    With `again`, all files are encrypted again with the first key of ASSURANCE_ARCHIVE_KEY. Yields
    each dataset with the number of files that were encrypted. Landing a dataset must wait while its
    files are encrypted. After an interruption, each file is either as it was or fully encrypted.

    Raises:
        UsageError: ASSURANCE_ARCHIVE_KEY is not set, or its keys do not decrypt a file.
        AssuranceError: A file is damaged or cannot be written.
    """
    key = archive_key(settings)
    if key is None:
        raise UsageError(
            f"{ARCHIVE_KEY} is not set: make a key outside the state folder with "
            f"`assurance archive new-key --to FILE`, and set {ARCHIVE_KEY} to the file."
        )
    with connect(settings, role=ROLE, autocommit=True) as connection:
        names = {batch.dataset for batch in archived_batches(connection, settings.force_code)}
        for name in sorted(names):
            count = 0
            with held(connection, dataset_lock(settings.force_code, name)):
                for batch in archived_batches(connection, settings.force_code, name):
                    if batch.archived_as is None:
                        continue
                    path = settings.home / batch.archived_as
                    count += _encrypt(path, key, again=again)
            yield name, count


def _encrypt(path: Path, key: Key, *, again: bool) -> bool:
    """Encrypt one archived file if that is needed, and return whether it was encrypted.

    The encrypted draft is read back before it replaces the file, because the file is the only copy
    of the batch.
    """
    draft = path.with_name(path.name + UNFINISHED)
    try:
        if is_encrypted(path) and not again:
            return False
        written = _write(path, draft, key)
        if _sha256(draft) != written:
            raise AssuranceError(f"{path} was not encrypted correctly: run the command again.")
        draft.replace(path)
        _sync(path.parent)
    except UnreadableError as error:
        raise AssuranceError(
            f"{path} cannot be encrypted: {error.message}. `assurance batch verify` shows which "
            "batches are damaged."
        ) from error
    except OSError as error:
        raise AssuranceError(f"{path} cannot be encrypted: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return True


def _write(path: Path, draft: Path, key: Key) -> str:
    """Write an encrypted copy of a file, and return the SHA-256 of the unencrypted content."""
    digest = hashlib.sha256()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file, open_packed(path) as packed:
        encrypter = Encrypter(file, [key.recipient])
        try:
            for chunk in _chunks(packed):
                digest.update(chunk)
                encrypter.write(chunk)
            encrypter.finish()
        finally:
            encrypter.discard()
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open_packed(path) as packed:
        for chunk in _chunks(packed):
            digest.update(chunk)
    return digest.hexdigest()


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
