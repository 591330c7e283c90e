"""List the archived batches, and read their rows with the row numbers of the delivery.

An erasure removes rows from an archived batch. The other rows keep their row numbers.
`audit.batch_erasure` lists the gaps: the numbers of the erased rows.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO

import psycopg
from psycopg.rows import class_row

from oic_assurance.batches.archive_key import ARCHIVE_KEY, archive_key
from oic_assurance.batches.archive_store import ENCRYPTED, REWRITTEN, archived_file
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.settings import Settings
from oic_assurance.sources.files.dropped import CHUNK_BYTES, MEMORY_BYTES, Content
from oic_assurance.sources.files.tabular import Row
from oic_assurance.storage.store import StoredFile
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.encryption import MAGIC, DecryptionError, NoFittingKey, decrypted

EXTRACT_SUFFIX = ".copy.gz"


class UnreadableError(AssuranceError):
    """An archived batch is missing, or cannot be decompressed or parsed."""


@dataclass(frozen=True)
class ArchivedBatch:
    """A landed batch from `audit.batch`, with the numbers of the rows that were erased from it.

    `row_count` is the number of delivered rows. `rows_new` is the number of versions that the batch
    added to raw, and `rows_rejected` the number of rows that went into quarantine.
    """

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
    #: The name of the archived file in the archive's store. None if nothing was archived.
    archived_as: str | None
    #: The SHA-256 that the archived content should have now. None if nothing was archived.
    sha256: str | None
    #: If this batch is a replay: the batch whose rejected rows were replayed.
    replay_of: int | None = None
    #: How many rows of the batch were erased from raw, and how many from quarantine.
    erased_raw: int = 0
    erased_rejected: int = 0
    #: For each table, the row numbers of the erased rows.
    gaps: Mapping[str, list[int]] = field(default_factory=dict)
    #: Whether an erasure has replaced the delivered file by its remaining rows (`normal_form`).
    is_replaced: bool = False

    @property
    def is_extract(self) -> bool:
        """Whether the batch is archived as an extract: a header and rows in the format of `COPY`.

        Database extracts and replays are archived in this format. A delivered file is archived byte
        for byte, until an erasure replaces it.
        """
        return self.archived_as is not None and self.archived_as.endswith(EXTRACT_SUFFIX)

    @property
    def gap_count(self) -> int:
        """The number of rows that were erased from the archived content."""
        return sum(map(len, self.gaps.values()))

    @property
    def totals(self) -> dict[str, int]:
        """For each table of a delivered file, how many lines with totals follow its rows."""
        return {
            table: int(found.get("total_lines", 0))
            for table, found in (self.notes or {}).items()
            if isinstance(found, Mapping)
        }

    def gaps_of(self, table: str) -> set[int]:
        """Return the row numbers of the erased rows of a table."""
        return set(self.gaps.get(table, ()))


_BATCHES = """
    select
        b.batch_id, b.run_id, b.dataset, b.kind, b.source_place, b.delivered_for, b.landed_at,
        b.row_count, b.rows_new, b.rows_rejected, b.notes, b.replay_of,
        b.kept_as as archived_as,
        coalesce(e.sha256, b.sha256) as sha256, coalesce(e.raw_rows, 0)::bigint as erased_raw,
        coalesce(e.rejected_rows, 0)::bigint as erased_rejected,
        coalesce(g.gaps, '{}') as gaps, coalesce(e.is_replaced, false) as is_replaced
    from audit.batch as b
    left join lateral (
        select
            (array_agg(x.sha256_after order by x.batch_erasure_id desc))[1] as sha256,
            sum(x.raw_rows) as raw_rows, sum(x.rejected_rows) as rejected_rows,
            bool_or(x.in_normal_form) as is_replaced
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
    """Return the landed batches of one dataset or of all datasets, sorted by dataset and ID.

    With `batch_id`, return only that batch.
    """
    values = {"force": force_code, "dataset": dataset, "batch": batch_id}
    with connection.cursor(row_factory=class_row(ArchivedBatch)) as cursor:
        return cursor.execute(_BATCHES.encode(), values).fetchall()


def find_batch(settings: Settings, batch_id: int, dataset: str | None = None) -> ArchivedBatch:
    """Return a landed batch by its ID.

    Raises:
        UsageError: There is no such batch, or it is not of the given dataset.
    """
    with connect(settings, role="oic_landing") as connection:
        found = archived_batches(connection, settings.force_code, dataset, batch_id)
    if not found:
        of = f" of {dataset}" if dataset else ""
        raise UsageError(f"There is no landed batch {batch_id}{of}: see `assurance batch list`.")
    return found[0]


def number_around_gaps(rows: Iterable[Row], gaps: set[int]) -> Iterator[Row]:
    """Yield each row with the number that it had in the delivery, before rows were erased.

    `gaps` holds the numbers of the erased rows.
    """
    place = 0
    for row in rows:
        place += 1
        while place in gaps:
            place += 1
        row[0] = place
        yield row


@dataclass(frozen=True)
class ArchivedContent(Content):
    """The content of an archived batch, with its size and SHA-256. The header is not part of it."""

    #: The header of an extract: its format, columns and origin. Empty for a delivered file.
    header: Mapping[str, Any]

    def chunks(self) -> Iterator[bytes]:
        """Yield the content from its start in chunks."""
        self.stream.seek(0)
        while chunk := self.stream.read(CHUNK_BYTES):
            yield chunk


def open_archived(settings: Settings, archived_as: str) -> AbstractContextManager[ArchivedContent]:
    """Return a context with a decompressed copy of an archived batch.

    Raises:
        UnreadableError: The file is missing or damaged.
        ServerError: The archive cannot be reached.
    """
    return open_content(archived_file(settings, archived_as))


@contextmanager
def open_content(file: StoredFile) -> Iterator[ArchivedContent]:
    """Yield a decompressed copy of a file that is or was in the archive.

    Raises:
        UnreadableError: The file is missing or damaged. Its cause is the error of the file system.
        ServerError: The archive cannot be reached.
    """
    digest, header = hashlib.sha256(), dict[str, Any]()
    with SpooledTemporaryFile(max_size=MEMORY_BYTES) as copy:
        try:
            with open_unpacked(file) as stream:
                if (
                    file.name.removesuffix(REWRITTEN)
                    .removesuffix(ENCRYPTED)
                    .endswith(EXTRACT_SUFFIX)
                ):
                    header = _read_header(stream)
                while chunk := stream.read(CHUNK_BYTES):
                    digest.update(chunk)
                    copy.write(chunk)
        except UnreadableError as error:
            raise UnreadableError(
                f"The archived batch {file.name} in {file.store.place} cannot be read: "
                f"{error.message}. Restore it from a back-up."
            ) from error.__cause__
        size = copy.tell()
        copy.seek(0)
        yield ArchivedContent(copy, size, digest.hexdigest(), header)


@contextmanager
def open_unpacked(file: StoredFile) -> Iterator[gzip.GzipFile]:
    """Yield the decrypted and decompressed bytes of an archived batch as a stream.

    Raises:
        UsageError: The file is encrypted, and ASSURANCE_ARCHIVE_KEY names no key that decrypts it.
        UnreadableError: The file is missing or damaged, or was changed after it was encrypted.
            Reading the stream inside the block can also raise this error.
        ServerError: The archive cannot be reached.
    """
    try:
        with (
            file.open() as stored,
            _decrypted(stored) as packed,
            gzip.GzipFile(fileobj=packed, mode="rb") as stream,
        ):
            yield stream
    except FileNotFoundError as error:
        raise UnreadableError(f"the archived file {file} is missing") from error
    except NoFittingKey as error:
        raise UsageError(
            f"The archived file {file} is encrypted, and {ARCHIVE_KEY} has no key that fits: "
            "set it to the key with which the file was archived. If it is set to that key, the "
            "file was changed: restore it from a back-up."
        ) from error
    except DecryptionError as error:
        raise UnreadableError(
            f"the archived file {file} cannot be decrypted: it was changed or cut off"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableError(
            f"the archived file {file} cannot be decompressed: {error}"
        ) from error


def is_encrypted(file: StoredFile) -> bool:
    """Tell whether an archived file is encrypted."""
    with file.open() as stored:
        return stored.read(len(MAGIC)) == MAGIC


def _decrypted(file: BinaryIO) -> AbstractContextManager[BinaryIO]:
    """Return an archived file's decrypted content, or the file itself if it is not encrypted."""
    start = file.read(len(MAGIC))
    file.seek(0)
    if start != MAGIC:
        return nullcontext(file)
    key = archive_key()
    if key is None:
        raise NoFittingKey("no key is set")
    return decrypted(file, key.identities)


def _read_header(stream: gzip.GzipFile) -> dict[str, Any]:
    """Read the first line of an archived extract, and return its JSON object.

    Raises:
        UnreadableError: The first line is not a header of an extract.
    """
    line = stream.readline()
    with suppress(ValueError):
        header = json.loads(line.removeprefix(b"# "))
        if line.startswith(b"# ") and isinstance(header, dict) and "columns" in header:
            return header
    raise UnreadableError("its first line is not the header of an extract")
