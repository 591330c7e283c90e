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
    ArchivedBatch,
    ArchivedContent,
    UnreadableError,
    open_archived,
    open_content,
)
from oic_assurance.batches.archive_store import REWRITTEN, archive_store
from oic_assurance.batches.archive_writer import archived_files, rewritten
from oic_assurance.batches.normal_form import read_archived, write_remaining
from oic_assurance.errors import AssuranceError, DeliveryRefused
from oic_assurance.landing import checks
from oic_assurance.landing.archived_extracts import rewrite_extract, vanished_keys
from oic_assurance.landing.load import TableLoader
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.storage.store import UNFINISHED, StoredFile
from oic_assurance.warehouse.rows import find_value


@dataclass(frozen=True)
class RewrittenBatch:
    """An archived batch without the erased rows, and the row numbers of the erased rows."""

    batch_id: int
    #: The SHA-256 of the content without the erased rows. Empty if the file was not rewritten.
    sha256_after: str
    row_numbers: list[int]
    #: Whether it is a delivered file that is replaced by its remaining rows.
    in_normal_form: bool


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
        target = StoredFile(self._archive, batch.archived_as).with_ending(REWRITTEN)
        try:
            with (
                open_archived(self._settings, batch.archived_as) as content,
                self._connection.transaction(),
            ):
                if not batch.is_extract:
                    done = self._file_without(batch, content, target, keys, row_numbers, write)
                elif content.header.get("vanished"):
                    done = self._list_without(batch, content, target, keys, write)
                else:
                    done = rewrite_extract(
                        self._settings,
                        self._connection,
                        self._dataset,
                        content,
                        target,
                        places=row_numbers,
                        keys=keys,
                    )
                    if not write:
                        target.remove()
        except (UnreadableError, DeliveryRefused) as error:
            raise AssuranceError(
                f"{self._dataset.name}: nothing was erased: batch {batch.batch_id} "
                f"({batch.source_place}) cannot be searched: {error.message.rstrip('.')}. "
                "`assurance batch verify` shows which batches are damaged."
            ) from error
        removed, sha256 = done
        if not removed:
            return None
        return RewrittenBatch(batch.batch_id, sha256, removed, not batch.is_extract)

    def _file_without(
        self,
        batch: ArchivedBatch,
        content: ArchivedContent,
        target: StoredFile,
        keys: Sequence[str],
        row_numbers: Sequence[int],
        write: bool,
    ) -> tuple[list[int], str]:
        """Write the remaining rows of a file in the normal form, as a draft."""
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
        if not (found and write):
            return found, ""
        readings, erased = read_archived(batch, content, self._dataset), {self._table.name: found}
        with rewritten(target, self._settings) as draft:
            write_remaining(
                draft, self._dataset, batch.source_place, readings, erased, content.sha256
            )
        return found, draft.sha256

    def _list_without(
        self,
        batch: ArchivedBatch,
        content: ArchivedContent,
        target: StoredFile,
        keys: Sequence[str],
        write: bool,
    ) -> tuple[list[int], str]:
        """Write a list of vanished records without some of the keys, as a draft."""
        listed = vanished_keys(content, batch.gaps_of(self._table.name))
        wanted = set(keys)
        removed = [number for number, key in listed if key in wanted]
        if not (removed and write):
            return removed, ""
        with rewritten(target, self._settings) as draft:
            draft.write_header(content.header)
            draft.write("".join(f"{key}\n" for _, key in listed if key not in wanted).encode())
        return removed, draft.sha256


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

    Raises:
        UnreadableError: The disk fails, or the share on which the archive is. The draft may be
            sound.
    """
    try:
        with open_content(draft) as content:
            return content.sha256
    except UnreadableError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and not isinstance(cause, BadGzipFile):
            raise
        return None
