"""The archive: the store that holds every batch as it was delivered, compressed.

There are three kinds of archived batches:

- A file: the bytes of the file. If rows of it are erased, it is replaced by its remaining rows in
  the normal form (`normal_form`).
- A database extract: a header line, then the output of PostgreSQL's `COPY`. The header line is `# `
  followed by a JSON object. Its fields are `format`, `dataset`, `place`, `columns`, `copy_format`
  (`text` or `binary`), `snapshot_at` and `cursor_from`. A batch of tombstones is an extract that
  holds the keys of the vanished records. Its header line also has the field `vanished`.
- A replay: a text extract of the replayed rows, with their corrections. Its columns are the row
  number in the original delivery, the ID of the rejected row, and the declared columns. Its header
  line names the batch of the original delivery (`replay_of`) and the table.

The SHA-256 in `audit.batch` is the hash of the delivered content: the bytes of the file, or the
extract without its header line. After an erasure, `audit.batch_erasure` has the present one.

If ASSURANCE_ARCHIVE_KEY names a key, the compressed file is encrypted with age. Encryption does not
change the file's name; the first bytes tell whether a file is encrypted.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, BinaryIO

import psycopg
from isal import isal_zlib

from oic_assurance.batches.archive_key import archive_key
from oic_assurance.batches.archive_store import ARCHIVE, REWRITTEN, archive_store
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.sources.files.dropped import CHUNK_BYTES, Content
from oic_assurance.storage.store import Store, StoredFile
from oic_assurance.warehouse.encryption import Encrypter
from oic_assurance.warehouse.locks import dataset_lock, try_in_transaction
from oic_assurance.warehouse.rows import one_value

EXTRACT_FORMAT = "oic-assurance extract 2"
#: The fastest level of zlib. Batches repeat many values, so they still shrink to a tenth or a
#: quarter of their size.
COMPRESSION = 1
#: The `wbits` of a gzip file: 15 for the largest window, and 16 for gzip's header and trailer.
GZIP_WINDOW = 15 + 16
#: The largest expected difference between the clocks of the warehouse and this machine.
CLOCK_SKEW = timedelta(minutes=5)


class Archive:
    """The archived batches of one dataset."""

    def __init__(self, settings: Settings, dataset: Dataset) -> None:
        self._settings = settings
        self._dataset = dataset
        self._store = archive_store(settings)

    def store(self, content: Content, name: str, batch_id: int) -> str:
        """Archive the bytes of a file, and return the name of the archived file.

        Raises:
            AssuranceError: The SHA-256 of the bytes differs from the one in `content`.
        """
        with self.writer(f"{batch_id:08d}-{name}.gz") as writer:
            content.stream.seek(0)
            while chunk := content.stream.read(CHUNK_BYTES):
                writer.write(chunk)
            if writer.sha256 != content.sha256:
                raise AssuranceError(
                    f"{name}: its content changed while it was archived. Run the landing again."
                )
            writer.finish()
        return writer.archived_as

    @contextmanager
    def writer(self, name: str) -> Iterator["ArchiveWriter"]:
        """Yield a writer for the file `name`. Until it finishes, the file has a temporary name."""
        file = StoredFile(self._store, f"{_folder(self._dataset)}/{name}")
        writer = ArchiveWriter(file, self._settings)
        try:
            yield writer
        finally:
            writer.discard()

    def remove_leftovers(self, connection: psycopg.Connection) -> None:
        """Remove archived files that failed attempts have left behind and that no batch names.

        A failed attempt rolls back its last batch, but leaves the batch's file. It cannot remove
        the file, because it does not know whether the warehouse received the last commit. So the
        next attempt removes the file if no batch names it. If another force is landing the same
        dataset, nothing is removed.

        Two kinds of files always stay:

        - Files older than every unsuccessful attempt of this warehouse. They may belong to another
          warehouse that uses the same archive.
        - Files to which an erasure has written a batch without the erased rows. The erasure itself
          later moves each one to the place of the batch's file, or deletes it.
        """
        oldest = one_value(
            connection,
            """
            select min(started_at) from (
                select started_at from audit.extraction
                where dataset = %(dataset)s and outcome is distinct from 'succeeded'
                union all
                select started_at from audit.replay
                where dataset = %(dataset)s and outcome is distinct from 'succeeded'
                order by started_at desc
                offset 1 -- the newest is the present attempt
            ) as unsuccessful
            """,
            {"dataset": self._dataset.name},
        )
        if oldest is None:
            return
        since = (oldest - CLOCK_SKEW).timestamp()
        # The files are listed before the check for other forces, so that no file of another force
        # is removed. If another force starts landing after the listing, its files are not on the
        # list. If another force has finished landing before the check, its batches name its files.
        files = archived_files(self._store, self._dataset)
        if self._another_force_is_landing(connection):
            return
        for name in unnamed_files(connection, self._dataset, files):
            if REWRITTEN not in name and files[name] >= since:
                self._store.remove(name)

    def _another_force_is_landing(self, connection: psycopg.Connection) -> bool:
        """Tell whether another force is landing this dataset now.

        If so, the archive can hold new files of that force that no batch names yet. A landing holds
        the lock of its force and dataset for the whole attempt. An attempt that was killed holds no
        lock.
        """
        force_code = self._settings.force_code
        forces = connection.execute(
            """
            select force_code from audit.extraction
            where dataset = %(dataset)s and outcome is null and force_code <> %(force)s
            union
            select force_code from audit.replay
            where dataset = %(dataset)s and outcome is null and force_code <> %(force)s
            """,
            {"dataset": self._dataset.name, "force": force_code},
        ).fetchall()
        return not all(
            try_in_transaction(connection, dataset_lock(force, self._dataset.name), shared=True)
            for (force,) in forces
        )


class ArchiveWriter:
    """The writer of one archived batch's file, which also hashes the content."""

    def __init__(self, file: StoredFile, settings: Settings, *, replace: bool = False) -> None:
        """Begin a file. With `replace`, it replaces another file of this name when it is complete.

        Raises:
            UsageError: The key of the archive is refused.
            ServerError: The folder of the archive cannot be created.
        """
        #: The name in the archive's store, as in `audit.batch.kept_as`. If the name is taken,
        #: `finish` gives the file another one.
        self.archived_as = file.name
        key = archive_key(settings)
        self._replace = replace
        self._draft = file.store.draft(file.name)
        self._digest = hashlib.sha256()
        self.size_bytes = 0
        self._encrypter = Encrypter(self._draft.file, [key.recipient]) if key else None
        self._target: Encrypter | BinaryIO = self._encrypter or self._draft.file
        self._zip = isal_zlib.compressobj(COMPRESSION, wbits=GZIP_WINDOW)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the content written so far, as hexadecimal digits."""
        return self._digest.hexdigest()

    def write_header(self, header: Mapping[str, Any], form: str = EXTRACT_FORMAT) -> None:
        """Write the header line of an extract. The SHA-256 and the size do not include it."""
        text = json.dumps({"format": form, **header}, ensure_ascii=False)
        self._target.write(self._zip.compress(f"# {text}\n".encode()))

    def write(self, chunk: bytes) -> None:
        """Write a piece of the content."""
        self._digest.update(chunk)
        self.size_bytes += len(chunk)
        self._target.write(self._zip.compress(chunk))

    def finish(self) -> None:
        """Write the rest of the file, and give the file its final name.

        The caller commits the batch after this, so a committed batch always has its file.

        Raises:
            OSError: The disk is full or fails.
            ServerError: The archive cannot be reached.
        """
        self._target.write(self._zip.flush())
        if self._encrypter is not None:
            self._encrypter.finish()
        self.archived_as = self._draft.publish(replace=self._replace)

    def discard(self) -> None:
        """Remove the unfinished file. Does nothing after `finish`.

        This works even if the disk is full.
        """
        if self._encrypter is not None:
            self._encrypter.discard()
        self._draft.discard()


@contextmanager
def rewritten(file: StoredFile, settings: Settings) -> Iterator[ArchiveWriter]:
    """Yield a writer whose file replaces another of its name when the block ends without error."""
    writer = ArchiveWriter(file, settings, replace=True)
    try:
        yield writer
        writer.finish()
    finally:
        writer.discard()


def archived_files(store: Store, dataset: Dataset) -> dict[str, float]:
    """Return the files of all forces in a dataset's archive folder, sorted by name.

    Each has the time when it was last modified, in seconds since 1970.
    """
    return store.files(_folder(dataset))


def unnamed_files(
    connection: psycopg.Connection, dataset: Dataset, files: Iterable[str]
) -> list[str]:
    """Return the files that no batch of any force names.

    The caller must list `files` before this call. Then, if a batch is landed in between, this
    function sees that the batch names its file.
    """
    names = connection.execute(
        "select kept_as from audit.batch where dataset = %s and kept_as is not null",
        (dataset.name,),
    ).fetchall()
    named = {name for (name,) in names}
    return [name for name in files if name not in named]


def _folder(dataset: Dataset) -> str:
    return f"{ARCHIVE}/{dataset.name}"
