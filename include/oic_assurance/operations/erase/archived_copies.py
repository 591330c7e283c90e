"""The kept batches without the erased records: written beside the old ones, then in their place.

A rewritten batch waits as a draft until the transaction that logs it has committed. Whoever comes
next after an interruption finds the drafts: one that the log knows takes its place, any other goes.
So files and log converge, and neither needs the erased key for it.
"""

import os
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile

import psycopg
from psycopg.sql import SQL

from oic_assurance.batches.archive import REWRITTEN, UNFINISHED, ArchiveWriter
from oic_assurance.batches.archived import (
    EXTRACT_SUFFIX,
    ArchivedBatch,
    Hashed,
    UnreadableError,
    numbered_around,
    read_header,
    unpacked,
)
from oic_assurance.errors import AssuranceError, DeliveryRefused
from oic_assurance.landing import checks
from oic_assurance.landing.extracts import rewrite_extract
from oic_assurance.landing.load import TableLoader
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.sources.files.dropped import CHUNK_BYTES, MEMORY_BYTES, Content
from oic_assurance.sources.files.row_removal import remove_rows
from oic_assurance.sources.files.tabular import read_tables
from oic_assurance.warehouse.rows import find_value


@dataclass(frozen=True)
class Rewriting:
    """One kept batch without the erased rows: where they stood, and the SHA-256 of what is left."""

    batch_id: int
    sha256_before: str
    sha256_after: str
    places: list[int]


class KeptCopies:
    """The kept batches of one table's dataset, on the connection that erases from them."""

    def __init__(
        self, settings: Settings, connection: psycopg.Connection, dataset: Dataset, table: Table
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._dataset = dataset
        self._table = table
        self._loader = TableLoader(connection, dataset, table, settings.force_code)

    def without(
        self, batch: ArchivedBatch, keys: Sequence[str], places: Sequence[int], *, write: bool
    ) -> Rewriting | None:
        """Find the rows with `keys` or at `places` of a batch and write its draft without them.

        Returns None when it holds none of them. Raises `AssuranceError` when it cannot be read.
        """
        if batch.kept_as is None:
            return None
        path = self._settings.home / batch.kept_as
        try:
            with self._connection.transaction():
                if batch.is_extract:
                    return self._extract_without(batch, path, keys, places, write)
                return self._file_without(batch, path, keys, places, write)
        except UnreadableError as error:
            raise self._cannot(batch, error.message) from error
        except DeliveryRefused as error:
            raise self._cannot(batch, error.message) from error

    def _cannot(self, batch: ArchivedBatch, why: str) -> AssuranceError:
        return AssuranceError(
            f"{self._dataset.name}: nothing was erased: batch {batch.batch_id} "
            f"({batch.source_place}) cannot be searched: {why.rstrip('.')}. "
            "`assurance batch verify` tells which batches hold."
        )

    # ---------------------------------------------------------------- files

    def _file_without(
        self,
        batch: ArchivedBatch,
        path: Path,
        keys: Sequence[str],
        places: Sequence[int],
        write: bool,
    ) -> Rewriting | None:
        with SpooledTemporaryFile(max_size=MEMORY_BYTES) as copy:
            with unpacked(path) as stream:
                hashed = Hashed(stream)
                for chunk in hashed.chunks():
                    copy.write(chunk)
            copy.seek(0)
            content = Content(copy, hashed.size_bytes, hashed.sha256)
            gone = self._find(batch, content, keys, places)
            if not gone:
                return None
            if not write:
                return Rewriting(batch.batch_id, content.sha256, "", gone)
            now = _numbers_now(gone, batch.gaps_of(self._table.name))
            with remove_rows(content, self._dataset, {self._table.name: now}) as left:
                self._draft(path, left)
                return Rewriting(batch.batch_id, content.sha256, left.sha256, gone)

    def _find(
        self, batch: ArchivedBatch, content: Content, keys: Sequence[str], places: Sequence[int]
    ) -> list[int]:
        readings = read_tables(content, self._dataset)
        reading = next(each for each in readings if each.table.name == self._table.name)
        self._loader.stage(numbered_around(reading.rows, batch.gaps_of(self._table.name)))
        self._loader.check()
        rows = self._connection.execute(
            SQL(
                "select row_number from {} where row_key = any(%s) or row_number = any(%s)"
                " order by row_number"
            ).format(checks.checked(self._table)),
            (list(keys), list(places)),
        ).fetchall()
        return [place for (place,) in rows]

    def _draft(self, path: Path, content: Content) -> None:
        kept = ArchiveWriter(path.with_name(path.name + REWRITTEN), self._settings.home)
        try:
            content.stream.seek(0)
            while chunk := content.stream.read(CHUNK_BYTES):
                kept.write(chunk)
            kept.finish()
        finally:
            kept.discard()

    # ---------------------------------------------------------------- extracts

    def _extract_without(
        self,
        batch: ArchivedBatch,
        path: Path,
        keys: Sequence[str],
        places: Sequence[int],
        write: bool,
    ) -> Rewriting | None:
        with unpacked(path) as stream:
            is_list = bool(read_header(stream).get("vanished"))
        if is_list:
            return self._list_without(batch, path, keys, write)
        target = path.with_name(path.name + REWRITTEN)
        done = rewrite_extract(
            self._settings, self._connection, self._dataset, path, target, places=places, keys=keys
        )
        if not done.places:
            return None
        if not write:
            target.unlink()
        return Rewriting(batch.batch_id, str(batch.sha256), done.sha256, done.places)

    def _list_without(
        self, batch: ArchivedBatch, path: Path, keys: Sequence[str], write: bool
    ) -> Rewriting | None:
        """Leave keys out of a list of vanished ones: a line a key."""
        wanted = {key.encode() for key in keys}
        with unpacked(path) as stream:
            header = read_header(stream)
            lines = b"".join(Hashed(stream).chunks()).splitlines(keepends=True)
        numbered = numbered_around(
            ([0, str(at)] for at in range(len(lines))), batch.gaps_of(self._table.name)
        )
        numbers = [int(row[0] or 0) for row in numbered]
        gone = {at for at, line in enumerate(lines) if line.rstrip(b"\n") in wanted}
        if not gone:
            return None
        kept = ArchiveWriter(path.with_name(path.name + REWRITTEN), self._settings.home)
        try:
            kept.write_header(header)
            for at, line in enumerate(lines):
                if at not in gone:
                    kept.write(line)
            if write:
                kept.finish()
        finally:
            kept.discard()
        places = [numbers[at] for at in sorted(gone)]
        return Rewriting(batch.batch_id, str(batch.sha256), kept.sha256, places)


def settle_drafts(settings: Settings, connection: psycopg.Connection, dataset: Dataset) -> None:
    """Put drafts that the log knows in their places, and remove what an interruption left else."""
    folder = settings.home / "batches" / dataset.name
    if not folder.is_dir():
        return
    moved = False
    for draft in _drafts(folder):
        if draft.name.endswith(UNFINISHED):
            draft.unlink()
            continue
        path = draft.with_name(draft.name.removesuffix(REWRITTEN))
        logged = find_value(
            connection,
            """
            select e.sha256_after
            from audit.batch as b inner join audit.batch_erasure as e using (batch_id)
            where b.kept_as = %s
            order by e.batch_erasure_id desc
            limit 1
            """,
            (str(path.relative_to(settings.home)),),
        )
        if logged is not None and logged == _sha256(draft):
            draft.replace(path)
            moved = True
        else:
            draft.unlink()
    if moved:
        _sync(folder)


def _drafts(folder: Path) -> list[Path]:
    return [*folder.glob(f"*{REWRITTEN}"), *folder.glob(f"*{REWRITTEN}{UNFINISHED}")]


def _sha256(path: Path) -> str | None:
    """Return the SHA-256 of a draft's content, which an extract's first line is no part of."""
    try:
        with unpacked(path) as stream:
            if path.name.removesuffix(REWRITTEN).endswith(EXTRACT_SUFFIX):
                read_header(stream)
            content = Hashed(stream)
            for _ in content.chunks():
                pass
            return content.sha256
    except UnreadableError:
        return None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _numbers_now(places: Sequence[int], gaps: set[int]) -> list[int]:
    """Return the numbers by which rows are read now that had `places` before others were erased."""
    earlier = sorted(gaps)
    return [place - bisect_left(earlier, place) for place in places]
