"""Encrypt batches that were archived without a key or with an earlier key."""

from collections.abc import Iterator

from oic_assurance.batches.archive_key import ARCHIVE_KEY, archive_key
from oic_assurance.batches.archive_reader import (
    UnreadableError,
    archived_batches,
    is_encrypted,
    open_content,
)
from oic_assurance.batches.archive_store import ENCRYPTED, archive_store
from oic_assurance.batches.archive_writer import rewritten
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.settings import Settings
from oic_assurance.storage.store import StoredFile
from oic_assurance.warehouse.connections import connect
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
    if archive_key(settings) is None:
        raise UsageError(
            f"{ARCHIVE_KEY} is not set: make a key outside the state folder with "
            f"`assurance backup new-key --to FILE`, and set {ARCHIVE_KEY} to the file."
        )
    store = archive_store(settings)
    with connect(settings, role=ROLE, autocommit=True) as connection:
        names = {batch.dataset for batch in archived_batches(connection, settings.force_code)}
        for name in sorted(names):
            count = 0
            with held(connection, dataset_lock(settings.force_code, name)):
                for batch in archived_batches(connection, settings.force_code, name):
                    if batch.archived_as is None:
                        continue
                    file = StoredFile(store, batch.archived_as)
                    count += _encrypt(settings, file, again=again)
            yield name, count


def _encrypt(settings: Settings, file: StoredFile, *, again: bool) -> bool:
    """Encrypt one archived file if that is needed, and return whether it was encrypted.

    The encrypted copy is read back before it replaces the file, because the file is the only copy
    of the batch.
    """
    copy = file.with_ending(ENCRYPTED)
    try:
        if is_encrypted(file) and not again:
            return False
        try:
            with open_content(file) as content, rewritten(copy, settings) as writer:
                if content.header:
                    writer.write_header(content.header)
                for chunk in content.chunks():
                    writer.write(chunk)
            with open_content(copy) as written:
                if (written.header, written.sha256) != (content.header, content.sha256):
                    raise AssuranceError(
                        f"{file} was not encrypted correctly: run the command again."
                    )
            copy.move_to(file)
        except BaseException:
            copy.remove()
            raise
    except UnreadableError as error:
        raise AssuranceError(
            f"{file.name} cannot be encrypted: {error.message} `assurance batch verify` shows "
            "which batches are damaged."
        ) from error
    except OSError as error:
        raise AssuranceError(f"{file.name} cannot be encrypted: {error.strerror}.") from error
    return True
