"""Writes batches into the archive: the folder that holds each delivery as it came.

An archived file is the file's bytes, compressed. An archived database extract is compressed too.
Its first line is `# ` and a JSON object with `format`, `dataset`, `place`, `columns`,
`copy_format`, `snapshot_at` and `cursor_from`. The rest is the output of PostgreSQL's `COPY` for
these columns in that format, binary or text.

An archived replay is such a text with the corrected rows. Its columns are the row's number in the
delivery that it corrects, the id of the rejected row, and the declared columns. Its header names
that delivery (`replay_of`) and the table.

The SHA-256 in `audit.batch` is the hash of the content as it was delivered: the file's bytes, or
the extract without its first line.
"""

import hashlib
import json
import os
from collections.abc import Iterator
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

EXTRACT_FORMAT = "oic-assurance extract 2"
UNFINISHED = ".part"
#: An archived batch that an erasure has rewritten, until it replaces the original file.
REWRITTEN = ".erased"
#: The fastest level. The content repeats itself, so it is still four to ten times smaller.
COMPRESSION = 1
#: How zlib is asked for a gzip file: its largest window, and 16 for the head and the tail.
GZIP_WINDOW = 15 + 16
#: How far the warehouse's clock may differ from this machine's.
CLOCK_SKEW = timedelta(minutes=5)


class Archive:
    """The folder in which a dataset's batches are kept."""

    def __init__(self, settings: Settings, dataset: Dataset) -> None:
        self._home = settings.home
        self._force = settings.force_code
        self._dataset = dataset
        self._folder = settings.home / "batches" / dataset.name
        for folder in (settings.home / "batches", self._folder.parent, self._folder):
            private_folder(settings, folder)

    def store(self, content: Content, name: str, batch_id: int) -> str:
        """Keep a file's bytes; returns where, relative to the home."""
        with self.writer(f"{batch_id:08d}-{name}.gz") as kept:
            content.stream.seek(0)
            while chunk := content.stream.read(CHUNK_BYTES):
                kept.write(chunk)
            if kept.sha256 != content.sha256:
                raise AssuranceError(f"{name}: what is to be kept is not what was read.")
            kept.finish()
        return kept.kept_as

    @contextmanager
    def writer(self, name: str) -> Iterator["ArchiveWriter"]:
        """Give a writer whose file appears when it is finished, and not at all otherwise."""
        kept = ArchiveWriter(self._folder / name, self._home)
        try:
            yield kept
        finally:
            kept.discard()

    def remove_leftovers(self, connection: psycopg.Connection) -> None:
        """Remove what attempts left that were killed or failed: files that no batch names.

        One that fails takes its batches back, and does not know whether its last word to the
        warehouse was heard: so only the next one, which can ask, removes what they had kept.

        Those from before their time stay whatever this warehouse says of them: it can be another
        one for today. What an erasure has written anew waits for that erasure to be finished.
        """
        row = connection.execute(
            """
            select min(started_at) from (
                select started_at from audit.extraction
                where dataset = %(dataset)s and outcome is distinct from 'succeeded'
                union all
                select started_at from audit.replay
                where dataset = %(dataset)s and outcome is distinct from 'succeeded'
                order by started_at desc
                offset 1 -- the newest is the attempt that asks
            ) as unsuccessful
            """,
            {"dataset": self._dataset.name},
        ).fetchone()
        if row is None or row[0] is None:
            return
        since = (row[0] - CLOCK_SKEW).timestamp()
        # Listed first: whoever begins now keeps nothing that is on the list.
        found = list(self._folder.iterdir())
        if self._another_force_is_at_work(connection):
            return
        names = connection.execute(
            "select kept_as from audit.batch where dataset = %s and kept_as is not null",
            (self._dataset.name,),
        ).fetchall()
        named = {name for (name,) in names}
        for path in found:
            is_named = str(path.relative_to(self._home)) in named or REWRITTEN in path.suffixes
            if path.is_file() and not is_named and path.stat().st_mtime >= since:
                path.unlink(missing_ok=True)

    def _another_force_is_at_work(self, connection: psycopg.Connection) -> bool:
        """Tell whether another force lands the dataset now: what it keeps lies here, unnamed yet.

        It holds its lock as long as it is at work; an attempt that was killed holds none.
        """
        forces = connection.execute(
            """
            select force_code from audit.extraction
            where dataset = %(dataset)s and outcome is null and force_code <> %(force)s
            union
            select force_code from audit.replay
            where dataset = %(dataset)s and outcome is null and force_code <> %(force)s
            """,
            {"dataset": self._dataset.name, "force": self._force},
        ).fetchall()
        return not all(
            try_in_transaction(connection, dataset_lock(force, self._dataset.name), shared=True)
            for (force,) in forces
        )


class ArchiveWriter:
    """Writes one kept batch, hashing the content as it came."""

    def __init__(self, path: Path, home: Path) -> None:
        self.kept_as = str(path.relative_to(home))
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
        """The SHA-256 of the content so far."""
        return self._digest.hexdigest()

    def write_header(self, header: dict[str, Any], form: str = EXTRACT_FORMAT) -> None:
        """Write the first line of an extract, which is no part of its content."""
        text = json.dumps({"format": form, **header}, ensure_ascii=False)
        self._file.write(self._zip.compress(f"# {text}\n".encode()))

    def write(self, chunk: bytes) -> None:
        """Write a piece of the content."""
        self._digest.update(chunk)
        self.size_bytes += len(chunk)
        self._file.write(self._zip.compress(chunk))

    def finish(self) -> None:
        """Put the file in its place, on disk before the transaction that names it commits."""
        self._file.write(self._zip.flush())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._draft.replace(self._path)
        self._is_finished = True

    def discard(self) -> None:
        """Remove what was not finished, also where there is no room left to close it properly."""
        if self._is_finished:
            return
        with suppress(OSError):
            self._file.close()
        self._draft.unlink(missing_ok=True)
