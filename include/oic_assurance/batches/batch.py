"""Batches: each delivery is entered in `audit.batch` and its content kept as it came.

A kept file is the file's bytes, compressed. A kept database extract is compressed too: its first
line is `# ` and a JSON object (`format`, `dataset`, `place`, `columns`, `copy_format`,
`snapshot_at`, `cursor_from`), the rest is what PostgreSQL's `COPY` writes of these columns in that
format, binary or text. A kept replay is such a text of what was put through the door: `columns` are
the row's number in the delivery that it mends, the rejected row's id and the declared columns; its
header names that delivery (`replay_of`) and the table. The SHA-256 in `audit.batch` is that of the
content as it came: the file's bytes, or the extract without its first line.
"""

import getpass
import gzip
import hashlib
import json
import os
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, Literal

import psycopg
from isal import isal_zlib
from psycopg.types.json import Jsonb

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.sources.files.dropped import CHUNK_BYTES, MEMORY_BYTES, Content
from oic_assurance.warehouse.folders import private_folder

EXTRACT_FORMAT = "oic-assurance extract 2"
UNFINISHED = ".part"
#: A kept batch written again by an erasure, until it takes the place of the one that it replaces.
REWRITTEN = ".erased"
#: As fast as the wire and already four to ten times smaller: what is kept repeats itself.
COMPRESSION = 1
#: zlib's way to ask for a gzip file: its largest window, and 16 for the head and the tail.
GZIP_WINDOW = 15 + 16
#: How far the warehouse's clock may be from this machine's.
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Batch:
    """One row of `audit.batch`."""

    batch_id: int
    dataset: str
    source_place: str
    kind: Literal["database", "file", "reconciliation", "replay"]
    delivered_for: datetime
    status: Literal["landed", "refused"] = "landed"
    reason: str | None = None
    size_bytes: int | None = None
    modified_at: datetime | None = None
    row_count: int | None = None
    rows_new: int | None = None
    rows_rejected: int | None = None
    sha256: str | None = None
    cursor_from: datetime | None = None
    cursor_to: datetime | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    kept_as: str | None = None
    #: The delivery whose rejected rows this batch replays.
    replay_of: int | None = None


def next_batch_id(connection: psycopg.Connection) -> int:
    """Take the id that a batch's rows will name."""
    row = connection.execute(
        "select nextval(pg_get_serial_sequence('audit.batch', 'batch_id'))"
    ).fetchone()
    return int(row[0]) if row else 0


def register(connection: psycopg.Connection, batch: Batch, force_code: str, run_id: str) -> None:
    """Enter a batch, complete, and log what was collected."""
    values = {**vars(batch), "notes": Jsonb(batch.notes), "force": force_code, "run": run_id}
    values["who"] = f"{_user()}@{socket.gethostname()}"
    connection.execute(
        """
        insert into audit.batch (
            batch_id, run_id, force_code, dataset, source_place, kind, delivered_for, size_bytes,
            modified_at, row_count, rows_new, rows_rejected, sha256, cursor_from, cursor_to, notes,
            status, reason, kept_as, landed_by, replay_of
        ) values (
            %(batch_id)s, %(run)s, %(force)s, %(dataset)s, %(source_place)s, %(kind)s,
            %(delivered_for)s, %(size_bytes)s, %(modified_at)s, %(row_count)s, %(rows_new)s,
            %(rows_rejected)s, %(sha256)s, %(cursor_from)s, %(cursor_to)s, %(notes)s, %(status)s,
            %(reason)s, %(kept_as)s, %(who)s, %(replay_of)s
        )
        """,
        values,
    )
    if batch.status == "landed":
        what = (
            f"{batch.dataset}, batch {batch.batch_id}: {batch.row_count} rows of "
            f"{batch.source_place}, {batch.rows_new} new"
        )
        connection.execute(
            "insert into audit.processing_log (action, what, run_id) values ('collection', %s, %s)",
            (what, run_id),
        )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container can run as a number without a name
        return str(os.getuid())


class Keeper:
    """The folder in which a dataset's batches are kept."""

    def __init__(self, settings: Settings, dataset: Dataset) -> None:
        self._home = settings.home
        self._force = settings.force_code
        self._dataset = dataset
        self._folder = settings.home / "batches" / dataset.name
        for folder in (settings.home / "batches", self._folder.parent, self._folder):
            private_folder(settings, folder)

    def keep(self, content: Content, name: str, batch_id: int) -> str:
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
    def writer(self, name: str) -> Iterator["KeptWriter"]:
        """Give a writer whose file appears when it is finished, and not at all otherwise."""
        kept = KeptWriter(self._folder / name, self._home)
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
        row = connection.execute(
            """
            select coalesce(
                bool_or(not pg_try_advisory_xact_lock_shared(
                    hashtextextended('landing ' || force_code || ' ' || %(dataset)s, 0)
                )), false
            )
            from (
                select force_code from audit.extraction
                where dataset = %(dataset)s and outcome is null and force_code <> %(force)s
                union
                select force_code from audit.replay
                where dataset = %(dataset)s and outcome is null and force_code <> %(force)s
            ) as other
            """,
            {"dataset": self._dataset.name, "force": self._force},
        ).fetchone()
        return bool(row and row[0])


class KeptWriter:
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


@contextmanager
def open_kept(settings: Settings, kept_as: str) -> Iterator[Content]:
    """Give the content of a kept file."""
    digest, size = hashlib.sha256(), 0
    with SpooledTemporaryFile(max_size=MEMORY_BYTES) as copy:
        try:
            with gzip.open(settings.home / kept_as, "rb") as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    digest.update(chunk)
                    size += len(chunk)
                    copy.write(chunk)
        except (OSError, EOFError, zlib.error) as error:
            raise AssuranceError(
                f"The kept batch {settings.home / kept_as} cannot be read: {error}."
            ) from error
        copy.seek(0)
        yield Content(copy, size, digest.hexdigest())
