"""Reads batches from the archive: which there are, their content, and where their rows stood.

An erasure takes rows out of an archived batch. The rows that stay keep their numbers:
`audit.batch_erasure` holds the places that are gaps now, and rows are numbered around them.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, Protocol

import psycopg
from psycopg.rows import class_row

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.sources.files.dropped import CHUNK_BYTES, MEMORY_BYTES, Content
from oic_assurance.sources.files.tabular import Row
from oic_assurance.warehouse.connections import connect

EXTRACT_SUFFIX = ".copy.gz"


class UnreadableError(AssuranceError):
    """A kept batch that cannot be unpacked, or is no longer there."""


@dataclass(frozen=True)
class ArchivedBatch:
    """One landed delivery as `audit.batch` has it, with what erasures took from it."""

    batch_id: int
    run_id: str
    dataset: str
    kind: str
    source_place: str
    delivered_for: datetime
    landed_at: datetime
    row_count: int | None
    rows_new: int | None
    rows_rejected: int | None
    notes: Mapping[str, Any] | None
    kept_as: str | None
    #: Of the kept content as it is to be now; None where nothing was kept.
    sha256: str | None
    #: The delivery that a replay mends.
    replay_of: int | None = None
    erased_raw: int = 0
    erased_rejected: int = 0
    #: By table, the places that are gaps now.
    gaps: Mapping[str, list[int]] = field(default_factory=dict)

    @property
    def is_extract(self) -> bool:
        """Whether it was kept as a database's rows, and not as a file's bytes."""
        return self.kept_as is not None and self.kept_as.endswith(EXTRACT_SUFFIX)

    @property
    def erased_kept(self) -> int:
        """How many rows it does not hold any more."""
        return sum(map(len, self.gaps.values()))

    def gaps_of(self, table: str) -> set[int]:
        """Return the places of a table that are gaps."""
        return set(self.gaps.get(table, ()))


_BATCHES = """
    select
        b.batch_id, b.run_id, b.dataset, b.kind, b.source_place, b.delivered_for, b.landed_at,
        b.row_count, b.rows_new, b.rows_rejected, b.notes, b.kept_as, b.replay_of,
        coalesce(e.sha256, b.sha256) as sha256, coalesce(e.raw_rows, 0)::bigint as erased_raw,
        coalesce(e.rejected_rows, 0)::bigint as erased_rejected,
        coalesce(g.gaps, '{}') as gaps
    from audit.batch as b
    left join lateral (
        select
            (array_agg(x.sha256_after order by x.batch_erasure_id desc))[1] as sha256,
            sum(x.raw_rows) as raw_rows, sum(x.rejected_rows) as rejected_rows
        from audit.batch_erasure as x
        where x.batch_id = b.batch_id
    ) as e on true
    left join lateral (
        select jsonb_object_agg(one.table_name, one.places) as gaps
        from (
            select t.table_name, jsonb_agg(p.place order by p.place) as places
            from audit.batch_erasure as x
            cross join lateral jsonb_each(x.places) as t (table_name, places)
            cross join lateral (
                select distinct value::bigint from jsonb_array_elements_text(t.places)
            ) as p (place)
            where x.batch_id = b.batch_id
            group by t.table_name
        ) as one
    ) as g on true
    where
        b.force_code = %(force)s and b.status = 'landed'
        and (%(dataset)s::text is null or b.dataset = %(dataset)s)
        and (%(batch)s::bigint is null or b.batch_id = %(batch)s)
    order by b.dataset, b.batch_id
"""


def archived_batches(
    connection: psycopg.Connection,
    force_code: str,
    dataset: str | None = None,
    batch_id: int | None = None,
) -> list[ArchivedBatch]:
    """Return the landed batches by dataset and in the order of their landing."""
    values = {"force": force_code, "dataset": dataset, "batch": batch_id}
    with connection.cursor(row_factory=class_row(ArchivedBatch)) as cursor:
        return cursor.execute(_BATCHES.encode(), values).fetchall()


def find_batch(settings: Settings, batch_id: int) -> ArchivedBatch:
    """Return a landed batch by its id."""
    with connect(settings, role="oic_landing") as connection:
        found = archived_batches(connection, settings.force_code, batch_id=batch_id)
    if not found:
        raise UsageError(f"There is no landed batch {batch_id}: see `assurance batch list`.")
    return found[0]


def numbered_around(rows: Iterable[Row], gaps: set[int]) -> Iterator[Row]:
    """Give rows the numbers that they had before those at the gaps were erased."""
    place = 0
    for row in rows:
        place += 1
        while place in gaps:
            place += 1
        row[0] = place
        yield row


@contextmanager
def open_archived(settings: Settings, kept_as: str) -> Iterator[Content]:
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


class Bytes(Protocol):
    """What can be read from a kept file."""

    def read(self, size: int = -1, /) -> bytes:
        """Return so many bytes."""

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return one line."""


class Hashed:
    """A stream of bytes that is hashed while it is read."""

    def __init__(self, stream: Bytes) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was read so far."""
        return self._digest.hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """Give what is left, piece by piece."""
        while chunk := self._stream.read(CHUNK_BYTES):
            self._digest.update(chunk)
            self.size_bytes += len(chunk)
            yield chunk


@contextmanager
def unpacked(path: Path) -> Iterator[Bytes]:
    """Give a kept file's bytes; raises `UnreadableError` also while they are read."""
    try:
        with gzip.open(path, "rb") as stream:
            yield stream
    except FileNotFoundError as error:
        raise UnreadableError(f"the kept file {path.name} is missing") from error
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableError(f"the kept file {path.name} cannot be unpacked: {error}") from error


def read_header(stream: Bytes) -> dict[str, Any]:
    """Read the first line of an extract, which says what follows."""
    line = stream.readline()
    try:
        header = json.loads(line.removeprefix(b"# "))
    except ValueError as error:
        raise UnreadableError("its first line does not say what it is") from error
    if not line.startswith(b"# ") or not isinstance(header, dict) or "columns" not in header:
        raise UnreadableError("its first line does not say what it is")
    return header


def unnamed_files(
    settings: Settings, connection: psycopg.Connection, dataset: Dataset
) -> list[Path]:
    """Return the files in a dataset's folder that no batch names, of whichever force."""
    folder = settings.home / "batches" / dataset.name
    if not folder.is_dir():
        return []
    # Listed first: what is kept afterwards is named afterwards.
    found = sorted(folder.iterdir())
    names = connection.execute(
        "select kept_as from audit.batch where dataset = %s and kept_as is not null",
        (dataset.name,),
    ).fetchall()
    named = {settings.home / name for (name,) in names}
    return [path for path in found if path not in named]
