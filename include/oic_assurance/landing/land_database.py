"""Land a database table: the rows that the cursor finds, and the changes that the cursor misses.

A row can be committed minutes after its cursor value (source contract, *Databases*). So each
extract begins fifteen minutes before the highest cursor value that was read. A row that is read
twice has the same fingerprint both times and adds no version.

An extract that uses the cursor misses deleted rows, and rows that are committed more than fifteen
minutes after their cursor value. Such changes are found in three steps:

1. The source computes a sum over its keys and cursor values, in the same snapshot.
2. If the extracted rows explain how the sum has changed since the last landing, nothing was missed.
3. If they do not explain it, reconciliation compares all keys one by one.

The sum is not needed if the change counts of the source server show that only the extracted rows
have changed.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.sql import Composed

from oic_assurance.batches.archive_reader import open_content
from oic_assurance.batches.archive_store import archived_file
from oic_assurance.batches.archive_writer import Archive, ArchiveWriter
from oic_assurance.batches.batch import Batch, next_batch_id, register
from oic_assurance.errors import AssuranceError, DeliveryRefused
from oic_assurance.landing import checks, first_load, quarantine
from oic_assurance.landing.archived_extracts import rewrite_extract
from oic_assurance.landing.corrections import record_corrections
from oic_assurance.landing.emptied import Acceptances
from oic_assurance.landing.erased_keys import ErasedKeys, record_removed_rows
from oic_assurance.landing.load import TableLoader
from oic_assurance.landing.raw_tables import bulk_fill
from oic_assurance.landing.recalls import Recalls
from oic_assurance.landing.reconcile import Reconciliation
from oic_assurance.landing.report import LandingReport
from oic_assurance.landing.source_state import SourceState, load_state, store_state
from oic_assurance.settings import Settings
from oic_assurance.sources.databases.postgres import PostgresTable
from oic_assurance.sources.databases.snapshot import snapshot
from oic_assurance.sources.databases.source import KeySum, Source, SourceDigest
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.rows import one_value

#: If a row is committed up to this long after its cursor value, the next extract finds the row
#: without reconciliation.
OVERLAP = timedelta(minutes=15)
KEYS_PER_QUERY = 10_000


@dataclass
class _Extraction:
    """One batch of extracted rows while it is landed."""

    batch_id: int
    writer: ArchiveWriter
    rows: int = 0
    rows_new: int = 0
    rejected: int = 0
    #: How the extracted rows change the sum of the keys.
    keys: KeySum = field(default_factory=lambda: KeySum(0, 0))
    #: The row numbers of rows whose records were erased earlier.
    erased: list[int] = field(default_factory=list)


class DatabaseLanding:
    """Lands one database table. The connection holds the lock of the dataset."""

    def __init__(
        self,
        settings: Settings,
        connection: psycopg.Connection,
        dataset: Dataset,
        run_id: str,
        report: LandingReport,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._dataset = dataset
        self._place = dataset.database
        self._table = dataset.tables[0]
        self._run_id = run_id
        self._report = report
        self._notes: dict[str, Any] = {}
        self._known = SourceState()
        self._acceptances = Acceptances(connection, settings.force_code, dataset)
        self._archive = Archive(settings, dataset)
        self._erased = ErasedKeys(settings, connection, dataset)
        self._loader = TableLoader(connection, dataset, self._table, settings.force_code)
        self._reconciliation = Reconciliation(connection, dataset, settings.force_code)
        self._recalls = Recalls(connection, dataset, settings.force_code)
        #: The keys of all source rows with a refused marking. None until they have been read.
        self._refused: list[str] | None = None

    def land(self) -> None:
        """Update raw to the state of the source in one snapshot.

        Raises:
            SourceUnavailable: The source cannot be reached.
            DeliveryRefused: The table differs from its declaration, or too many rows are rejected.
        """
        force_code = self._settings.force_code
        with self._connection.transaction():
            self._archive.remove_leftovers(self._connection)
            self._known = load_state(self._connection, self._dataset, force_code)
        with snapshot(self._settings, self._dataset) as source:
            try:
                self._land_snapshot(source)
            except AssuranceError:
                # Recalls must be recorded even if the rest of the table cannot be landed.
                with suppress(AssuranceError), self._connection.transaction():
                    self._record_recall(source, must_ask=True)
                raise

    def _land_snapshot(self, source: Source) -> None:
        self._note_undeclared(source.check_columns())
        since = _since(self._known.cursor_at)
        keys = self._known.trusted_keys(source.change_counts, self._dataset)
        # The window, a digest of the recent rows, shows whether anything has changed. If the
        # change counts already show a change, the window is not read.
        has_changes = keys is not None and self._counted_since(source) != (0, 0, 0)
        digest = source.digest(None if has_changes else since, keys)
        with self._connection.transaction():
            if not self._is_unchanged(source, digest):
                digest = self._extract(source, digest)
            self._store_state(source, digest)
            self._record_recall(source, must_ask=digest.is_added_up)

    def _record_recall(self, source: Source, *, must_ask: bool) -> None:
        """Record which landed records the source now lists with a refused marking.

        `must_ask` is false if the extracted rows explain all changes that the source server has
        counted. Then no marking can have risen, because a row with a refused marking is not
        extracted, and its change would not be explained. Even then, the source is asked if an
        earlier recall is open, because the markings of its records can have been lowered.
        """
        if not self._recalls.are_possible():
            return
        if self._refused is None and (must_ask or self._recalls.are_open()):
            self._refused = source.refused_keys()
        if self._refused is not None:
            self._report.recalled += self._recalls.record(self._refused, self._run_id)
            self._end_recalls(source, self._refused)

    def _end_recalls(self, source: Source, refused: list[str]) -> None:
        """End the recall of records whose markings were lowered.

        A record that is gone from the source was perhaps moved to a system for its new marking. So
        its recall does not end, and neither does it if the keys of the source cannot be read.
        """
        if not (others := self._recalls.without(refused)):
            return
        with suppress(AssuranceError), self._connection.transaction():
            self._reconciliation.read_keys(source)
            self._recalls.end(self._reconciliation.listed(others))

    def _is_unchanged(self, source: Source, digest: SourceDigest) -> bool:
        """Tell whether nothing has changed in the source since the last landing."""
        return self._known.matches(digest, self._dataset) and (
            digest.is_added_up or self._counted_since(source) == (0, 0, 0)
        )

    def _store_state(self, source: Source, digest: SourceDigest) -> None:
        """Store how far the source was read, and the digest for the next landing to compare."""
        cursor_at, window = self._read_until(digest), digest.window
        if cursor_at and (window is None or cursor_at != self._known.cursor_at):
            window = source.window(cursor_at - OVERLAP)
        state = SourceState(
            cursor_at,
            digest.keys,
            window,
            self._dataset.fingerprint,
            digest.taken_at if digest.is_added_up else self._known.reconciled_at,
            source.change_counts,
        )
        store_state(self._connection, self._dataset, self._settings.force_code, state)

    def _note_undeclared(self, columns: list[str]) -> None:
        if columns:
            self._report.notes.append(f"undeclared columns, not extracted: {', '.join(columns)}")
            self._notes["columns_kept_out"] = columns

    def _extract(self, source: Source, digest: SourceDigest) -> SourceDigest:
        """Land the changes since the last landing. The first landing reads all rows.

        Return the digest with the present sum of the keys.
        """
        is_first = self._known.cursor_at is None and not self._loader.has_rows()
        # If records of the dataset were erased, there is no first load. A first load copies rows
        # without looking at their keys, so it would not recognise an erased record.
        if is_first and isinstance(source, PostgresTable) and not self._erased:
            if self._load_first(source, digest) == digest.keys.rows:
                return digest
            query, total_rows = source.where(checks.needs_check(self._table)), digest.keys.rows
        else:
            is_known = self._known.has_declaration(self._dataset)
            since = _since(self._known.cursor_at) if is_known else None
            query, total_rows = source.changed_since(since), None
        batch_id = next_batch_id(self._connection)
        refused, vanished = list[str](), list[str]()
        with self._archive.writer(f"{batch_id:08d}-{self._table.name}.copy.gz") as writer:
            extraction = _Extraction(batch_id, writer)
            columns = ["row_number", *self._table.names]
            writer.write_header(self._header(digest, columns, source.copy_format))
            self._load_rows(source, query, extraction, digest)
            if self._explains_the_counts(source, extraction, digest):
                digest = replace(digest, keys=digest.keys + extraction.keys)
            else:
                refused = self._refused = source.refused_keys()
                if not digest.is_added_up:
                    digest = source.digest(_since(self._known.cursor_at))
                if not is_first and not self._adds_up(extraction, digest):
                    vanished = self._reconcile(source, extraction, digest, refused)
            self._check_emptied(extraction, len(vanished), is_empty=not digest.keys.rows)
            self._check_tolerance(extraction, total_rows)
            self._notes |= source.notes
            self._register_extraction(extraction, digest, self._newly_refused(refused))
        if vanished:
            self._land_tombstones(vanished, digest)
        return digest

    def _load_first(self, source: PostgresTable, digest: SourceDigest) -> int:
        """Copy the rows that break no rule directly into raw and the archive.

        Return the number of copied rows.
        """
        batch_id = next_batch_id(self._connection)
        values = first_load.raw_values(
            self._dataset,
            self._settings.force_code,
            batch_id,
            one_value(self._connection, "select now()"),
        )
        query = source.first_load(values, checks.needs_check(self._table))
        with self._archive.writer(f"{batch_id:08d}-{self._table.name}.copy.gz") as writer:
            columns = first_load.raw_columns(self._dataset)
            writer.write_header(self._header(digest, columns, "binary"))
            extraction = _Extraction(batch_id, writer)
            rows = digest.keys.rows
            with bulk_fill(self._connection, self._dataset, self._table, rows) as is_empty:
                into = first_load.copy_statement(self._dataset, frozen=is_empty)
                extraction.rows = extraction.rows_new = self._copy(source, query, into, writer)
            self._register_extraction(extraction, digest, refused=[])
        return extraction.rows

    def _load_rows(
        self, source: Source, query: Any, extraction: _Extraction, digest: SourceDigest
    ) -> None:
        """Copy rows into the warehouse and the archive, check them, and insert new versions."""
        if extraction.rows:
            self._loader.clear()
        into = checks.copy_statement(self._table, source.copy_format)
        extraction.rows += self._copy(source, query, into, extraction.writer)
        summary = self._loader.check()
        if places := self._erased.find_places(self._loader):
            summary = self._loader.exclude_rows(places)
            extraction.erased += places
        rows_new, keys = self._loader.insert_extracted(extraction.batch_id, digest.taken_at)
        if summary.rejected:
            self._loader.quarantine(extraction.batch_id)
        extraction.rejected += summary.rejected
        extraction.rows_new += rows_new
        extraction.keys += keys

    def _copy(self, source: Source, query: Any, into: Composed, writer: ArchiveWriter) -> int:
        """Stream the rows of a query into a table and the archive. Return their number."""
        with self._connection.cursor() as cursor:
            with cursor.copy(into) as copy:
                for chunk in source.stream(query):
                    copy.write(chunk)
                    writer.write(chunk)
            return max(cursor.rowcount, 0)

    def _counted_since(self, source: Source) -> tuple[int, int, int] | None:
        """Return how many rows were inserted, updated and deleted since the last landing.

        The numbers come from the server's change counts. Return None if these are not reliable.
        """
        counts = source.change_counts
        return counts.since(self._known.change_counts) if counts else None

    def _explains_the_counts(
        self, source: Source, extraction: _Extraction, digest: SourceDigest
    ) -> bool:
        """Tell whether the extracted rows explain all changes that the source server has counted.

        The result is false if a row was deleted, was refused or rejected, changed twice, or changed
        its key. Then the source must compute the sum of the keys. The result is also false if the
        digest already has a computed sum.
        """
        changed = extraction.rows_new - extraction.keys.rows
        read = (extraction.keys.rows, changed, 0)
        return not digest.is_added_up and self._counted_since(source) == read

    def _adds_up(self, extraction: _Extraction, digest: SourceDigest) -> bool:
        """Tell whether the extracted rows explain the change of the sum of the keys."""
        return self._known.keys is not None and self._known.keys + extraction.keys == digest.keys

    def _reconcile(
        self,
        source: Source,
        extraction: _Extraction,
        digest: SourceDigest,
        refused: list[str],
    ) -> list[str]:
        """Compare all keys, and extract and land the rows that the cursor has missed.

        Return the keys of records that vanished from the source.
        """
        self._reconciliation.read_keys(source)
        missed = self._erased.without_erased(self._table, self._reconciliation.missed(refused))
        for start in range(0, len(missed), KEYS_PER_QUERY):
            query = source.with_keys(missed[start : start + KEYS_PER_QUERY], extraction.rows)
            self._load_rows(source, query, extraction, digest)
        return self._reconciliation.vanished()

    def _newly_refused(self, keys: list[str]) -> list[str]:
        """Return those of `keys` that are not yet in quarantine because of their marking.

        `keys` are keys of rows with a refused marking. The keys of erased records are left out.
        """
        if not keys:
            return []
        known = quarantine.load_refused_keys(
            self._connection, self._dataset, self._settings.force_code
        )
        return self._erased.without_erased(self._table, [key for key in keys if key not in known])

    def _check_emptied(self, extraction: _Extraction, vanishing: int, *, is_empty: bool) -> None:
        """Refuse the extract if the table is empty, or most of the known records would vanish.

        Raises:
            LooksEmptied: Most of the known records would vanish, and nobody has accepted that.
        """
        if vanishing:
            known = self._loader.known_before(extraction.batch_id)
            self._acceptances.check(self._table.name, known, vanishing, is_empty=is_empty)

    def _check_tolerance(self, extraction: _Extraction, total_rows: int | None) -> None:
        """Refuse the delivery if too many of its rows are rejected.

        After a first load, `total_rows` is the number of all rows, both the checked rows and the
        rows that were copied without a check. Otherwise `total_rows` is None.
        """
        rows = extraction.rows if total_rows is None else total_rows
        if not self._dataset.tolerance.exceeded(extraction.rejected, rows):
            return
        raise DeliveryRefused(
            f"{self._dataset.name}: {extraction.rejected} of {rows} rows of {self._place} "
            "break the source contract, which is over the tolerance of "
            f"{self._dataset.tolerance.share:.0%}."
        )

    def _register_extraction(
        self, extraction: _Extraction, digest: SourceDigest, refused: list[str]
    ) -> None:
        """Register a batch of rows if it has new versions or rejected rows."""
        rejected = extraction.rejected + len(refused)
        if not (extraction.rows_new or rejected):
            return
        if refused:
            quarantine.insert_refused_keys(
                self._connection, self._dataset, self._table, extraction.batch_id, refused
            )
        extraction.writer.finish()
        self._register(
            Batch(
                extraction.batch_id,
                self._dataset.name,
                str(self._place),
                "database",
                digest.taken_at,
                size_bytes=extraction.writer.size_bytes,
                row_count=extraction.rows + len(refused),
                rows_new=extraction.rows_new,
                rows_rejected=rejected,
                sha256=extraction.writer.sha256,
                cursor_from=self._known.cursor_at,
                cursor_to=self._read_until(digest),
                notes=self._notes | _erasure_note(extraction),
                archived_as=extraction.writer.archived_as,
            )
        )
        if extraction.erased:
            self._remove_erased_rows(extraction)

    def _remove_erased_rows(self, extraction: _Extraction) -> None:
        """Remove the rows of erased records from the archived batch."""
        places, before = extraction.erased, extraction.writer.sha256
        file = archived_file(self._settings, extraction.writer.archived_as)
        with open_content(file) as content:
            _, after = rewrite_extract(
                self._settings, self._connection, self._dataset, content, file, places=places
            )
        record_removed_rows(
            self._connection, extraction.batch_id, (before, after), {self._table.name: places}
        )

    def _land_tombstones(self, vanished: list[str], digest: SourceDigest) -> None:
        """Land the tombstones of vanished records as a separate batch."""
        batch_id = next_batch_id(self._connection)
        with self._archive.writer(f"{batch_id:08d}-{self._table.name}-vanished.copy.gz") as writer:
            header = self._header(digest, [self._table.key[0]], "text")
            writer.write_header({**header, "vanished": True})
            writer.write("".join(f"{key}\n" for key in vanished).encode())
            writer.finish()
        rows = self._reconciliation.insert_tombstones(batch_id, vanished, digest.taken_at)
        self._register(
            Batch(
                batch_id,
                self._dataset.name,
                str(self._place),
                "reconciliation",
                digest.taken_at,
                size_bytes=writer.size_bytes,
                row_count=len(vanished),
                rows_new=rows,
                rows_rejected=0,
                sha256=writer.sha256,
                archived_as=writer.archived_as,
            )
        )
        self._acceptances.mark_used(batch_id)

    def _register(self, batch: Batch) -> None:
        register(self._connection, batch, self._settings.force_code, self._run_id)
        if batch.rows_new and self._known.cursor_at is not None:
            record_corrections([self._loader], batch.batch_id)
        self._report.batches += 1
        self._report.rows_landed += batch.rows_new or 0
        self._report.rows_rejected += batch.rows_rejected or 0

    def _header(self, digest: SourceDigest, columns: list[str], copy_format: str) -> dict[str, Any]:
        cursor_from = self._known.cursor_at
        return {
            "dataset": self._dataset.name,
            "place": str(self._place),
            "columns": columns,
            "presence": [name for name in self._table.presences if name in columns],
            "copy_format": copy_format,
            "snapshot_at": digest.taken_at.isoformat(),
            "cursor_from": cursor_from.isoformat() if cursor_from else None,
        }

    def _read_until(self, digest: SourceDigest) -> datetime | None:
        """Return the highest cursor value that was read, in this extract or an earlier one.

        The result is never later than the source's clock, and never earlier than the value that the
        last landing stored. It is None if no row was ever read.
        """
        known, newest = self._known.cursor_at, digest.newest
        if newest is None:
            return known
        until = min(newest, digest.taken_at)
        return max(until, known) if known else until


def _since(cursor_at: datetime | None) -> datetime | None:
    """Return the cursor value from which an extract begins.

    None means that the extract reads all rows.
    """
    return cursor_at - OVERLAP if cursor_at else None


def _erasure_note(extraction: _Extraction) -> dict[str, int]:
    return {"erased_kept_out": len(extraction.erased)} if extraction.erased else {}
