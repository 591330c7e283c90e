"""The archive: the folder that holds every batch as it was delivered, compressed.

There are three kinds of archived batches:

- A file: the bytes of the file.
- A database extract: a first line, then the output of PostgreSQL's `COPY`. The first line is `# `
  and a JSON object with `format`, `dataset`, `place`, `columns`, `copy_format` (`text` or
  `binary`), `snapshot_at` and `cursor_from`.
- A replay: a text extract of the corrected rows. Its columns are the row's number in the delivery
  that it corrects, the id of the rejected row, and the declared columns. Its first line names that
  delivery (`replay_of`) and the table.

The SHA-256 in `audit.batch` is the hash of the delivered content: the bytes of the file, or the
extract without its first line.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from isal import isal_zlib

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.sources.files.dropped import CHUNK_BYTES, Content
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.locks import dataset_lock, try_in_transaction
from oic_assurance.warehouse.rows import one_value

EXTRACT_FORMAT = "oic-assurance extract 2"
UNFINISHED = ".part"
#: The suffix of a batch that an erasure has rewritten, until it replaces the original file.
REWRITTEN = ".erased"
#: The fastest level of zlib. The content repeats itself, so it still shrinks four to ten times.
COMPRESSION = 1
#: The `wbits` of a gzip file: 15 for the largest window, and 16 for gzip's header and trailer.
GZIP_WINDOW = 15 + 16
#: How far the clocks of the warehouse and of this machine may differ.
CLOCK_SKEW = timedelta(minutes=5)


class Archive:
    """The archived batches of one dataset."""

    def __init__(self, settings: Settings, dataset: Dataset) -> None:
        self._settings = settings
        self._dataset = dataset
        self._folder = _folder(settings, dataset)
        for folder in (settings.home / "batches", self._folder.parent, self._folder):
            private_folder(settings, folder)

    def store(self, content: Content, name: str, batch_id: int) -> str:
        """Archive the bytes of a file. Return the path, relative to the state folder.

        Raises:
            AssuranceError: The bytes do not have the SHA-256 of `content`.
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
        """Give a writer for the file `name`. The file appears only when it is finished."""
        writer = ArchiveWriter(self._folder / name, self._settings.home)
        try:
            yield writer
        finally:
            writer.discard()

    def remove_leftovers(self, connection: psycopg.Connection) -> None:
        """Remove the files of earlier attempts that no batch names.

        An attempt that fails rolls its batches back. It cannot know whether the warehouse received
        its last commit, so only the next attempt removes its files.

        Files that are older than the unsuccessful attempts of this warehouse stay: they can belong
        to another warehouse that uses the same state folder. A batch that an erasure has rewritten
        stays until that erasure is finished.
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
        # The order of these steps matters. A force that begins after the list was made archives
        # nothing that is on it, and a force that has ended before the check has named its files.
        files = archived_files(self._settings, self._dataset)
        if self._another_force_is_landing(connection):
            return
        for path in unnamed_files(connection, self._settings, self._dataset, files):
            is_rewritten = REWRITTEN in path.suffixes
            if path.is_file() and not is_rewritten and path.stat().st_mtime >= since:
                path.unlink(missing_ok=True)

    def _another_force_is_landing(self, connection: psycopg.Connection) -> bool:
        """Tell whether another force lands the dataset now: no batch names its files yet.

        It holds its lock for the whole attempt. An attempt that was killed holds no lock.
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
    """Writes one archived batch, and hashes its content."""

    def __init__(self, path: Path, home: Path) -> None:
        #: The path relative to the state folder, as in `audit.batch.kept_as`.
        self.archived_as = str(path.relative_to(home))
        self._path = path
        self._draft = path.with_name(path.name + UNFINISHED)
        self._digest = hashlib.sha256()
        self.size_bytes = 0
        self._is_finished = False
        descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._zip = isal_zlib.compressobj(COMPRESSION, wbits=GZIP_WINDOW)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the content so far, as hexadecimal digits."""
        return self._digest.hexdigest()

    def write_header(self, header: dict[str, Any], form: str = EXTRACT_FORMAT) -> None:
        """Write the first line of an extract. It does not count as content."""
        text = json.dumps({"format": form, **header}, ensure_ascii=False)
        self._file.write(self._zip.compress(f"# {text}\n".encode()))

    def write(self, chunk: bytes) -> None:
        """Write a piece of the content."""
        self._digest.update(chunk)
        self.size_bytes += len(chunk)
        self._file.write(self._zip.compress(chunk))

    def finish(self) -> None:
        """Move the file into its place. It is on disk before the batch that names it commits."""
        self._file.write(self._zip.flush())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._draft.replace(self._path)
        self._is_finished = True

    def discard(self) -> None:
        """Remove an unfinished file, also when the disk is too full to close it properly."""
        if self._is_finished:
            return
        with suppress(OSError):
            self._file.close()
        self._draft.unlink(missing_ok=True)


def archived_files(settings: Settings, dataset: Dataset) -> list[Path]:
    """Return every entry of a dataset's folder in the archive, of any force, sorted by name."""
    folder = _folder(settings, dataset)
    return sorted(folder.iterdir()) if folder.is_dir() else []


def unnamed_files(
    connection: psycopg.Connection, settings: Settings, dataset: Dataset, files: Iterable[Path]
) -> list[Path]:
    """Return those of the files that no batch names, of any force.

    List `files` before this call. A batch that is landed in between then names its file.
    """
    names = connection.execute(
        "select kept_as from audit.batch where dataset = %s and kept_as is not null",
        (dataset.name,),
    ).fetchall()
    named = {settings.home / name for (name,) in names}
    return [path for path in files if path not in named]


def _folder(settings: Settings, dataset: Dataset) -> Path:
    return settings.home / "batches" / dataset.name
