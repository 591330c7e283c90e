"""Replace archived batches by their remaining rows.

A delivered file becomes its remaining rows in the normal form (`normal_form`), and an extract
stays an extract. The rewritten batch is written as a draft next to the old file. When the
transaction that logs the erasure has committed, the draft replaces the old file. After an
interruption, the next command finds the leftover drafts. A draft whose hash is in the log replaces
its file, and any other draft is deleted. Then the files agree with the log again. Only hashes are
compared, so the erased keys do not have to be stored for this.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from gzip import BadGzipFile

import psycopg
from psycopg.sql import SQL

from oic_assurance.batches.archive_reader import (
    EXTRACT_SUFFIX,
    ArchivedBatch,
    HashedStream,
    UnreadableError,
    number_around_gaps,
    open_archived,
    open_unpacked,
    read_header,
)
from oic_assurance.batches.archive_store import archive_store
from oic_assurance.batches.archive_writer import REWRITTEN, ArchiveWriter, archived_files
from oic_assurance.batches.normal_form import read_archived, write_remaining
from oic_assurance.errors import AssuranceError, DeliveryRefused
from oic_assurance.landing import checks
from oic_assurance.landing.archived_extracts import rewrite_extract
from oic_assurance.landing.load import TableLoader
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.storage.store import UNFINISHED, StoredFile
from oic_assurance.warehouse.rows import find_value


@dataclass(frozen=True)
class RewrittenBatch:
    """An archived batch without the erased rows, and the row numbers of the erased rows."""

    batch_id: int
    sha256_before: str
    #: The SHA-256 of the content without the erased rows. Empty if the file was not rewritten.
    sha256_after: str
    row_numbers: list[int]
    #: Whether it is a delivered file that is replaced by its remaining rows.
    in_normal_form: bool = False


class ArchivedCopies:
    """Find and remove rows of one table in the archived batches of its dataset."""

    def __init__(
        self, settings: Settings, connection: psycopg.Connection, dataset: Dataset, table: Table
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._dataset = dataset
        self._table = table
        self._archive = archive_store(settings)
        self._loader = TableLoader(connection, dataset, table, settings.force_code)

    def without(
        self, batch: ArchivedBatch, keys: Sequence[str], row_numbers: Sequence[int], *, write: bool
    ) -> RewrittenBatch | None:
        """Find the rows with one of the keys or row numbers, and write a draft without those rows.

        Returns None if the batch was not archived or has no such row. If `write` is false, no draft
        remains.

        Raises:
            AssuranceError: The archived batch cannot be read.
        """
        if batch.archived_as is None:
            return None
        file = StoredFile(self._archive, batch.archived_as)
        try:
            with self._connection.transaction():
                if batch.is_extract:
                    return self._extract_without(batch, file, keys, row_numbers, write)
                return self._file_without(batch, file, keys, row_numbers, write)
        except (UnreadableError, DeliveryRefused) as error:
            raise AssuranceError(
                f"{self._dataset.name}: nothing was erased: batch {batch.batch_id} "
                f"({batch.source_place}) cannot be searched: {error.message.rstrip('.')}. "
                "`assurance batch verify` shows which batches are damaged."
            ) from error

    def _file_without(
        self,
        batch: ArchivedBatch,
        file: StoredFile,
        keys: Sequence[str],
        row_numbers: Sequence[int],
        write: bool,
    ) -> RewrittenBatch | None:
        """Write the remaining rows of a file in the normal form, as a draft."""
        with open_archived(self._settings, file.name) as content:
            readings = read_archived(batch, content, self._dataset)
            reading = next(each for each in readings if each.table.name == self._table.name)
            self._loader.take(reading, plain=False)
            self._loader.check()
            rows = self._connection.execute(
                SQL(
                    "select row_number from {} where row_key = any(%s) or row_number = any(%s)"
                    " order by row_number"
                ).format(checks.checked(self._table)),
                (list(keys), list(row_numbers)),
            ).fetchall()
            found = [row_number for (row_number,) in rows]
            if not found:
                return None
            if not write:
                return RewrittenBatch(batch.batch_id, content.sha256, "", found)
            draft = ArchiveWriter(file.with_ending(REWRITTEN), self._settings, replace=True)
            try:
                write_remaining(
                    draft,
                    self._dataset,
                    batch.source_place,
                    read_archived(batch, content, self._dataset),
                    {self._table.name: found},
                    content.sha256,
                )
                draft.finish()
            finally:
                draft.discard()
            return RewrittenBatch(
                batch.batch_id, content.sha256, draft.sha256, found, in_normal_form=True
            )

    # ---------------------------------------------------------------- extracts

    def _extract_without(
        self,
        batch: ArchivedBatch,
        file: StoredFile,
        keys: Sequence[str],
        row_numbers: Sequence[int],
        write: bool,
    ) -> RewrittenBatch | None:
        with open_unpacked(file) as stream:
            is_list = bool(read_header(stream).get("vanished"))
        if is_list:
            return self._list_without(batch, file, keys, write)
        target = file.with_ending(REWRITTEN)
        done = rewrite_extract(
            self._settings,
            self._connection,
            self._dataset,
            file,
            target,
            places=row_numbers,
            keys=keys,
        )
        if not done.places:
            return None
        if not write:
            target.remove()
        return RewrittenBatch(batch.batch_id, str(batch.sha256), done.sha256, done.places)

    def _list_without(
        self, batch: ArchivedBatch, file: StoredFile, keys: Sequence[str], write: bool
    ) -> RewrittenBatch | None:
        """Write a draft of an archived list of vanished keys, without some of the keys.

        Each line of the list is one key. Returns None if the list has none of the keys to remove.
        """
        wanted = {key.encode() for key in keys}
        with open_unpacked(file) as stream:
            header = read_header(stream)
            lines = b"".join(HashedStream(stream).chunks()).splitlines(keepends=True)
        numbered = number_around_gaps(
            ([0, str(at)] for at in range(len(lines))), batch.gaps_of(self._table.name)
        )
        numbers = [int(row[0] or 0) for row in numbered]
        removed = {at for at, line in enumerate(lines) if line.rstrip(b"\n") in wanted}
        if not removed:
            return None
        draft = ArchiveWriter(file.with_ending(REWRITTEN), self._settings, replace=True)
        try:
            draft.write_header(header)
            for at, line in enumerate(lines):
                if at not in removed:
                    draft.write(line)
            if write:
                draft.finish()
        finally:
            draft.discard()
        row_numbers = [numbers[at] for at in sorted(removed)]
        return RewrittenBatch(batch.batch_id, str(batch.sha256), draft.sha256, row_numbers)


def resolve_drafts(settings: Settings, connection: psycopg.Connection, dataset: Dataset) -> None:
    """Replace files with their drafts if the log has the draft's hash. Delete all other drafts.

    Raises:
        ServerError: The archive cannot be reached. The next call continues.
    """
    store = archive_store(settings)
    for name in archived_files(store, dataset):
        draft = StoredFile(store, name)
        if name.endswith(REWRITTEN + UNFINISHED):
            draft.remove()
        if not name.endswith(REWRITTEN):
            continue
        file = StoredFile(store, name.removesuffix(REWRITTEN))
        logged = find_value(
            connection,
            """
            select e.sha256_after
            from audit.batch as b inner join audit.batch_erasure as e using (batch_id)
            where b.kept_as = %s
            order by e.batch_erasure_id desc
            limit 1
            """,
            (file.name,),
        )
        if logged is not None and logged == _sha256(draft):
            draft.move_to(file)
        else:
            draft.remove()


def _sha256(draft: StoredFile) -> str | None:
    """Return the SHA-256 of a draft's content, or None if the draft is damaged.

    The first line of an extract is its header and is left out of the hash.

    Raises:
        UnreadableError: The disk fails, or the share on which the archive is. The draft may be
            sound.
    """
    try:
        with open_unpacked(draft) as stream:
            if draft.name.removesuffix(REWRITTEN).endswith(EXTRACT_SUFFIX):
                read_header(stream)
            content = HashedStream(stream)
            for _ in content.chunks():
                pass
            return content.sha256
    except UnreadableError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and not isinstance(cause, BadGzipFile):
            raise
        return None
