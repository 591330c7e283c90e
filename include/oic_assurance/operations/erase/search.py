"""Find the rows of records to erase in raw, quarantine, replays and archived batches.

In the same pass over the archive, drafts of its batches without these rows are written. A delivered
file becomes its remaining rows in the normal form (`normal_form`), and an extract stays an extract.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import psycopg
from psycopg.sql import SQL

from oic_assurance.batches.archive_reader import (
    ArchivedBatch,
    ArchivedContent,
    UnreadableError,
    archived_batches,
    open_content,
)
from oic_assurance.batches.archive_store import REWRITTEN, archive_store
from oic_assurance.batches.archive_writer import rewritten
from oic_assurance.batches.normal_form import read_archived, write_remaining
from oic_assurance.errors import AssuranceError, DeliveryRefused
from oic_assurance.landing import checks
from oic_assurance.landing.archived_extracts import rewrite_extract, vanished_keys
from oic_assurance.landing.load import TableLoader
from oic_assurance.landing.quarantine import REFUSED_FOR_MARKING
from oic_assurance.landing.raw_tables import raw_name
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.storage.store import StoredFile

#: Shorter keys are not searched for inside texts, because too many texts contain them by chance.
SHORTEST_SOUGHT = 4


@dataclass(frozen=True)
class RewrittenBatch:
    """An archived batch without the erased rows, and the row numbers of the erased rows."""

    batch_id: int
    #: The SHA-256 of the content without the erased rows. Empty if the file was not rewritten.
    sha256_after: str
    row_numbers: list[int]
    #: Whether it is a delivered file that is replaced by its remaining rows.
    in_normal_form: bool


@dataclass(frozen=True)
class Request:
    """A request to erase records of one table, with the reason."""

    dataset: Dataset
    table: Table
    keys: tuple[str, ...]
    reason: str
    kind: Literal["request", "retention", "marking"] = "request"
    #: If set, rejected rows without a readable key are erased too, if they were delivered for a
    #: moment before this one.
    unkeyed_before: datetime | None = None


@dataclass
class Found:
    """The rows of the records to erase, in every place of the warehouse that holds them.

    Each counter maps a batch ID to a number of rows, and each dictionary maps a batch ID to row
    numbers. The lists with `ids` in their names hold values of `rejected_id`.
    """

    #: Rows in raw.
    raw: Counter[int] = field(default_factory=Counter)
    #: Those rows in raw that only restore a version after a late-arriving delivery.
    restored: Counter[int] = field(default_factory=Counter)
    #: Rejected rows to delete.
    rejected: Counter[int] = field(default_factory=Counter)
    rewritten: list[RewrittenBatch] = field(default_factory=list)
    pseudonyms: int = 0
    #: Row numbers of the rejected rows to delete, and of the rows in `unnamed_ids`.
    rejected_row_numbers: dict[int, list[int]] = field(default_factory=dict)
    rejected_ids: list[int] = field(default_factory=list)
    #: Rejected rows that were delivered under the key of another record and replayed under the key
    #: of an erased record. Only the key of the replay and the content are erased.
    unnamed_ids: list[int] = field(default_factory=list)
    #: Rejected rows that were delivered under the key of an erased record and replayed under the
    #: key of another record. Only the key of the delivery and the content are erased.
    blanked_ids: list[int] = field(default_factory=list)
    blanked_row_numbers: dict[int, list[int]] = field(default_factory=dict)
    #: For each replay's batch: the row numbers of other records' rows that the replay rejected
    #: under an erased key.
    attempts: dict[int, list[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return whether the warehouse holds any row of the records."""
        return bool(self.raw or self.rejected or self.rewritten)

    @property
    def archived_rows(self) -> int:
        """The number of rows of the records in archived batches."""
        return sum(len(batch.row_numbers) for batch in self.rewritten)

    @property
    def batches(self) -> set[int]:
        """The IDs of the batches that hold rows of the records."""
        return {*self.raw, *self.rejected, *(one.batch_id for one in self.rewritten)}


@dataclass
class Search:
    """The search for one request, on a connection that holds the dataset's lock."""

    settings: Settings
    connection: psycopg.Connection
    request: Request

    def __post_init__(self) -> None:
        """Take the request apart."""
        self._dataset, self._table = self.request.dataset, self.request.table
        self._force, self._raw = self.settings.force_code, raw_name(self._dataset, self._table)
        where = (self._dataset, self._table, self._force)
        self._loader = TableLoader(self.connection, *where)

    def find(self, *, write: bool) -> Found:
        """Return the rows of the records that the warehouse holds.

        If `write` is true, also write drafts of the archived batches without these rows.
        """
        found = Found()
        self._find_raw(found)
        self._find_rejected(found)
        self._find_attempts(found)
        self._find_archived(found, write=write)
        return found

    def _find_raw(self, found: Found) -> None:
        rows = self.connection.execute(
            SQL(
                """
                select k.batch_id, count(*), count(*) filter (
                    where k.row_number is null and k.version_at <> b.delivered_for
                )
                from {} as k left join audit.batch as b using (batch_id)
                where k.force_code = %s and k.row_key = any(%s)
                group by k.batch_id
                """
            ).format(self._raw),
            (self._force, list(self.request.keys)),
        ).fetchall()
        found.raw = Counter({batch_id: rows for batch_id, rows, _ in rows})
        found.restored = Counter({batch_id: restored for batch_id, _, restored in rows})

    def _find_rejected(self, found: Found) -> None:
        """Find rejected rows that were delivered or replayed under one of the keys.

        A rejected row without a readable key is found if its content contains one of the keys, or
        if it was delivered for a moment before `unkeyed_before`.
        """
        sought = [re.escape(key) for key in self.request.keys if len(key) >= SHORTEST_SOUGHT]
        rows = self.connection.execute(
            """
            select
                r.rejected_id, r.batch_id, r.row_number,
                -- Without any keys, even a null is different from all of them.
                r.replayed_key is not null and r.replayed_key <> all(%(keys)s)
                    as replayed_as_another,
                r.row_key is not null and r.row_key <> all(%(keys)s) as delivered_as_another
            from audit.rejected_row as r inner join audit.batch as b using (batch_id)
            where
                b.force_code = %(force)s and r.dataset = %(dataset)s and r.table_name = %(table)s
                -- If the marking of a record rose, the key alone stays in quarantine.
                and (%(kind)s <> 'marking' or r.reasons <> array[%(refused)s])
                and (
                    r.row_key = any(%(keys)s) or r.replayed_key = any(%(keys)s)
                    or (
                        r.row_key is null and (
                            b.delivered_for < %(before)s::timestamptz
                            or exists (
                                select from unnest(%(sought)s::text[]) as one
                                where r.content::text
                                    ~ ('(^|[^[:alnum:]])' || one || '([^[:alnum:]]|$)')
                            )
                        )
                    )
                )
            """,
            {
                "force": self._force,
                "dataset": self._dataset.name,
                "table": self._table.name,
                "keys": list(self.request.keys),
                "sought": sought,
                "before": self.request.unkeyed_before,
                "kind": self.request.kind,
                "refused": REFUSED_FOR_MARKING,
            },
        ).fetchall()
        for rejected_id, batch_id, row_number, replayed_as_another, delivered_as_another in rows:
            row_numbers = (
                found.blanked_row_numbers if replayed_as_another else found.rejected_row_numbers
            )
            if row_number is not None:
                row_numbers.setdefault(batch_id, []).append(row_number)
            if replayed_as_another:
                found.blanked_ids.append(rejected_id)
            elif delivered_as_another:
                found.unnamed_ids.append(rejected_id)
            else:
                found.rejected_ids.append(rejected_id)
                found.rejected[batch_id] += 1

    def _find_attempts(self, found: Found) -> None:
        """Find rows of other records that were replayed and rejected with one of the keys.

        Such a row was delivered with the key of another record and is in quarantine. Somebody
        corrected its key to the key of a record that is now to be erased, and replayed it. The
        replay rejected it again. The row in quarantine stays, with its original key. Its copy in
        the archived replay has the key of the erased record, so that copy is erased.
        """
        rows = self.connection.execute(
            """
            select a.batch_id, r.row_number
            from audit.replayed_row as a
            inner join audit.rejected_row as r using (rejected_id)
            inner join audit.batch as b on a.batch_id = b.batch_id
            where
                b.force_code = %s and r.dataset = %s and r.table_name = %s
                and a.row_key = any(%s) and r.rejected_id <> all(%s)
            """,
            (
                self._force,
                self._dataset.name,
                self._table.name,
                list(self.request.keys),
                found.rejected_ids,
            ),
        ).fetchall()
        for batch_id, row_number in rows:
            found.attempts.setdefault(batch_id, []).append(row_number)

    def _find_archived(self, found: Found, *, write: bool) -> None:
        """Find the rows in archived batches. If `write` is true, write drafts without them.

        Raises:
            AssuranceError: An archived batch cannot be read.
        """
        archive = archive_store(self.settings)
        for batch in archived_batches(self.connection, self._force, self._dataset.name):
            if batch.replay_of is None:
                row_numbers = list(found.rejected_row_numbers.get(batch.batch_id, []))
                row_numbers += found.blanked_row_numbers.get(batch.batch_id, [])
            elif (batch.notes or {}).get("table") != self._table.name:
                continue
            else:
                # Rows in a replay keep their row numbers from the original delivery.
                row_numbers = list(found.rejected_row_numbers.get(batch.replay_of, []))
                row_numbers += found.attempts.get(batch.batch_id, [])
            if batch.archived_as is None:
                continue
            file = StoredFile(archive, batch.archived_as)
            draft = file.with_ending(REWRITTEN) if write else None
            try:
                with open_content(file) as content, self.connection.transaction():
                    removed, sha256 = self._without(batch, content, draft, row_numbers)
            except (UnreadableError, DeliveryRefused) as error:
                raise AssuranceError(
                    f"{self._dataset.name}: nothing was erased: batch {batch.batch_id} "
                    f"({batch.source_place}) cannot be searched: {error.message.rstrip('.')}. "
                    "`assurance batch verify` shows which batches are damaged."
                ) from error
            if removed:
                one = RewrittenBatch(batch.batch_id, sha256, removed, not batch.is_extract)
                found.rewritten.append(one)

    def _without(
        self,
        batch: ArchivedBatch,
        content: ArchivedContent,
        draft: StoredFile | None,
        row_numbers: Sequence[int],
    ) -> tuple[list[int], str]:
        """Write a draft of a batch without the rows with one of the keys or row numbers.

        Returns the numbers of these rows, and the SHA-256 of the draft.
        """
        if not batch.is_extract:
            return self._file_without(batch, content, draft, row_numbers)
        if content.header.get("vanished"):
            return self._list_without(batch, content, draft)
        what = (self.settings, self.connection, self._dataset, content, draft)
        return rewrite_extract(*what, places=row_numbers, keys=list(self.request.keys))

    def _file_without(
        self,
        batch: ArchivedBatch,
        content: ArchivedContent,
        draft: StoredFile | None,
        row_numbers: Sequence[int],
    ) -> tuple[list[int], str]:
        """Write the remaining rows of a file in the normal form, as a draft."""
        readings = read_archived(batch, content, self._dataset)
        reading = next(each for each in readings if each.table.name == self._table.name)
        self._loader.take(reading, plain=False)
        self._loader.check()
        rows = self.connection.execute(
            SQL(
                "select row_number from {} where row_key = any(%s) or row_number = any(%s)"
                " order by row_number"
            ).format(checks.checked(self._table)),
            (list(self.request.keys), list(row_numbers)),
        ).fetchall()
        found = [row_number for (row_number,) in rows]
        if not (found and draft):
            return found, ""
        readings, erased = (
            read_archived(batch, content, self._dataset),
            {self._table.name: found},
        )
        with rewritten(draft, self.settings) as writer:
            write_remaining(
                writer, self._dataset, batch.source_place, readings, erased, content.sha256
            )
        return found, writer.sha256

    def _list_without(
        self,
        batch: ArchivedBatch,
        content: ArchivedContent,
        draft: StoredFile | None,
    ) -> tuple[list[int], str]:
        """Write a list of vanished records without some of the keys, as a draft."""
        listed = vanished_keys(content, batch.gaps_of(self._table.name))
        wanted = set(self.request.keys)
        removed = [number for number, key in listed if key in wanted]
        if not (removed and draft):
            return removed, ""
        with rewritten(draft, self.settings) as writer:
            writer.write_header(content.header)
            writer.write("".join(f"{key}\n" for _, key in listed if key not in wanted).encode())
        return removed, writer.sha256
