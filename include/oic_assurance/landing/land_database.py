"""Landing of database tables: what changed since the cursor, and what the cursor did not show.

A row can commit minutes after its cursor value, so each extraction reaches back a little; what it
reads again is known by its fingerprint. The source adds up its keys in the same snapshot, unless
its own counts say that nothing happened but what the rows read explain: where the sum is not what
they lead to, something has vanished or was missed, and the keys are reconciled one by one.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.sql import Composed

from oic_assurance.batches.archive import Archive, ArchiveWriter
from oic_assurance.batches.batch import Batch, next_batch_id, register
from oic_assurance.errors import DeliveryRefused
from oic_assurance.landing import checks, first_load, quarantine
from oic_assurance.landing.erased_keys import Erased, log_kept_out
from oic_assurance.landing.extracts import rewrite_extract
from oic_assurance.landing.load import TableLoader
from oic_assurance.landing.raw_tables import filled_at_once
from oic_assurance.landing.reconcile import Reconciliation
from oic_assurance.landing.report import LandingReport
from oic_assurance.landing.source_state import SourceState, load_state, store_state
from oic_assurance.settings import Settings
from oic_assurance.sources.databases.postgres import PostgresTable
from oic_assurance.sources.databases.snapshot import snapshot
from oic_assurance.sources.databases.source import KeySum, Source, SourceDigest
from oic_assurance.sources.declarations.model import Dataset

#: How long after its cursor value a row may commit and still be found without reconciliation.
OVERLAP = timedelta(minutes=15)
KEYS_AT_ONCE = 10_000


@dataclass
class _Extraction:
    """One batch of rows on its way from a source to raw."""

    batch_id: int
    kept: ArchiveWriter
    rows: int = 0
    rows_new: int = 0
    rejected: int = 0
    #: What its rows have changed in the sum of the keys.
    keys: KeySum = field(default_factory=lambda: KeySum(0, 0))
    #: Places of rows that were erased before the source said them again.
    kept_out: list[int] = field(default_factory=list)


class DatabaseLanding:
    """Lands one database table on one connection, which holds the dataset's lock."""

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
        self._archive = Archive(settings, dataset)
        self._erased = Erased(settings, connection, dataset)
        self._loader = TableLoader(connection, dataset, self._table, settings.force_code)
        self._reconciliation = Reconciliation(connection, dataset, settings.force_code)

    def land(self) -> None:
        """Bring raw to the state of the source as one snapshot shows it."""
        force_code = self._settings.force_code
        with self._connection.transaction():
            self._archive.remove_leftovers(self._connection)
            self._known = load_state(self._connection, self._dataset, force_code)
        with snapshot(self._settings, self._dataset) as source:
            self._note_undeclared(source.check_columns())
            since = _since(self._known.cursor_at)
            relied_on = self._known.keys_by_count(source.change_counts, self._dataset)
            # Where more was counted, the rows are read anyway.
            has_moved = relied_on is not None and self._counted_since(source) != (0, 0, 0)
            digest = source.digest(None if has_moved else since, relied_on)
            with self._connection.transaction():
                if not self._is_as_before(source, digest):
                    digest = self._extract(source, digest)
                self._remember(source, digest)

    def _is_as_before(self, source: Source, digest: SourceDigest) -> bool:
        """Tell whether nothing has changed in the source since the last time."""
        return self._known.is_as(digest, self._dataset) and (
            digest.is_added_up or self._counted_since(source) == (0, 0, 0)
        )

    def _remember(self, source: Source, digest: SourceDigest) -> None:
        """Store how far the source was read, and what is to be found there the next time."""
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
            self._report.notes.append(f"columns kept out: {', '.join(columns)}")
            self._notes["columns_kept_out"] = columns

    def _extract(self, source: Source, digest: SourceDigest) -> SourceDigest:
        """Land what has changed since the last time, or all of it the first time.

        Returns the digest with the sum of the keys as they are now.
        """
        is_first = self._known.cursor_at is None and not self._loader.has_rows()
        # What was erased is only known again when it has been looked at.
        if is_first and isinstance(source, PostgresTable) and not self._erased:
            if self._load_first(source, digest) == digest.keys.rows:
                return digest
            query, whole = source.where(checks.needs_a_look(self._table)), digest.keys.rows
        else:
            since = _since(self._known.cursor_at) if self._known.is_under(self._dataset) else None
            query, whole = source.changed_since(since), None
        batch_id = next_batch_id(self._connection)
        at_the_door, vanished = list[str](), list[str]()
        with self._archive.writer(f"{batch_id:08d}-{self._table.name}.copy.gz") as kept:
            extraction = _Extraction(batch_id, kept)
            columns = ["row_number", *self._table.names]
            kept.write_header(self._header(digest, columns, source.copy_format))
            self._take(source, query, extraction, digest)
            if self._explains_the_counts(source, extraction, digest):
                digest = replace(digest, keys=digest.keys + extraction.keys)
            else:
                at_the_door = source.refused_keys()
                if not digest.is_added_up:
                    digest = source.digest(_since(self._known.cursor_at))
                if not is_first and not self._adds_up(extraction, digest):
                    vanished = self._reconcile(source, extraction, digest, at_the_door)
            self._refuse_what_is_too_bad(extraction, whole)
            self._notes |= source.notes
            self._enter(extraction, digest, self._new_at_the_door(at_the_door))
        if vanished:
            self._bury(vanished, digest)
        return digest

    def _load_first(self, source: PostgresTable, digest: SourceDigest) -> int:
        """Copy the rows that keep every rule to where they belong, and into the kept batch.

        Returns how many they are.
        """
        batch_id = next_batch_id(self._connection)
        values = first_load.raw_values(
            self._dataset, self._settings.force_code, batch_id, self._now()
        )
        query = source.first_load(values, checks.needs_a_look(self._table))
        with self._archive.writer(f"{batch_id:08d}-{self._table.name}.copy.gz") as kept:
            columns = first_load.raw_columns(self._dataset)
            kept.write_header(self._header(digest, columns, "binary"))
            extraction = _Extraction(batch_id, kept)
            rows = digest.keys.rows
            with filled_at_once(self._connection, self._dataset, self._table, rows) as is_empty:
                into = first_load.copy_statement(self._dataset, frozen=is_empty)
                extraction.rows = extraction.rows_new = self._copy(source, query, into, kept)
            self._enter(extraction, digest, at_the_door=[])
        return extraction.rows

    def _take(
        self, source: Source, query: Any, extraction: _Extraction, digest: SourceDigest
    ) -> None:
        """Copy rows into the warehouse and the kept batch, check them, add what is new of them."""
        if extraction.rows:
            self._loader.clear()
        into = checks.copy_statement(self._table, source.copy_format)
        extraction.rows += self._copy(source, query, into, extraction.kept)
        summary = self._loader.check()
        if places := self._erased.places(self._loader):
            summary = self._loader.leave_out(places)
            extraction.kept_out += places
        rows_new, keys = self._loader.insert_extracted(extraction.batch_id, digest.taken_at)
        if summary.rejected:
            self._loader.quarantine(extraction.batch_id)
        extraction.rejected += summary.rejected
        extraction.rows_new += rows_new
        extraction.keys += keys

    def _copy(self, source: Source, query: Any, into: Composed, kept: ArchiveWriter) -> int:
        with self._connection.cursor() as cursor:
            with cursor.copy(into) as copy:
                for piece in source.stream(query):
                    copy.write(piece)
                    kept.write(piece)
            return max(cursor.rowcount, 0)

    def _counted_since(self, source: Source) -> tuple[int, int, int] | None:
        return source.change_counts.since(self._known.counted) if source.change_counts else None

    def _explains_the_counts(
        self, source: Source, extraction: _Extraction, digest: SourceDigest
    ) -> bool:
        """Tell whether the rows that were read are all that the source's server has counted.

        A row that changed twice, was refused, or changed its key is counted otherwise than read:
        then the keys are added up. So they are when a row was deleted.
        """
        changed = extraction.rows_new - extraction.keys.rows
        read = (extraction.keys.rows, changed, 0)
        return not digest.is_added_up and self._counted_since(source) == read

    def _adds_up(self, extraction: _Extraction, digest: SourceDigest) -> bool:
        """Tell whether the rows that were read explain all that has changed in the source."""
        return self._known.keys is not None and self._known.keys + extraction.keys == digest.keys

    def _reconcile(
        self,
        source: Source,
        extraction: _Extraction,
        digest: SourceDigest,
        at_the_door: list[str],
    ) -> list[str]:
        """Take what the cursor did not show; returns the keys that have vanished."""
        self._reconciliation.take_keys(source)
        missed = self._erased.left(self._table, self._reconciliation.missed(at_the_door))
        for start in range(0, len(missed), KEYS_AT_ONCE):
            query = source.with_keys(missed[start : start + KEYS_AT_ONCE], extraction.rows)
            self._take(source, query, extraction, digest)
        return self._reconciliation.vanished()

    def _new_at_the_door(self, keys: list[str]) -> list[str]:
        if not keys:
            return []
        known = quarantine.known_at_the_door(
            self._connection, self._dataset, self._settings.force_code
        )
        return self._erased.left(self._table, [key for key in keys if key not in known])

    def _refuse_what_is_too_bad(self, extraction: _Extraction, whole: int | None) -> None:
        rows = extraction.rows if whole is None else whole
        if not self._dataset.tolerance.exceeded(extraction.rejected, rows):
            return
        raise DeliveryRefused(
            f"{self._dataset.name}: {extraction.rejected} of {rows} rows of {self._place} "
            "break the source contract, which is over the tolerance of "
            f"{self._dataset.tolerance.share:.0%}."
        )

    def _enter(self, extraction: _Extraction, digest: SourceDigest, at_the_door: list[str]) -> None:
        """Enter a batch of rows; one that has brought nothing leaves no trace."""
        rejected = extraction.rejected + len(at_the_door)
        if not (extraction.rows_new or rejected):
            return
        if at_the_door:
            quarantine.refuse_at_the_door(
                self._connection, self._dataset, self._table, extraction.batch_id, at_the_door
            )
        extraction.kept.finish()
        self._register(
            Batch(
                extraction.batch_id,
                self._dataset.name,
                str(self._place),
                "database",
                digest.taken_at,
                size_bytes=extraction.kept.size_bytes,
                row_count=extraction.rows + len(at_the_door),
                rows_new=extraction.rows_new,
                rows_rejected=rejected,
                sha256=extraction.kept.sha256,
                cursor_from=self._known.cursor_at,
                cursor_to=self._read_until(digest),
                notes=self._notes | _kept_out(extraction),
                kept_as=extraction.kept.kept_as,
            )
        )
        if extraction.kept_out:
            self._keep_without(extraction)

    def _keep_without(self, extraction: _Extraction) -> None:
        """Keep a batch without what had been erased before the source said it again."""
        gone, before = extraction.kept_out, extraction.kept.sha256
        path = self._settings.home / extraction.kept.kept_as
        after = rewrite_extract(
            self._settings, self._connection, self._dataset, path, path, places=gone
        )
        places = {self._table.name: gone}
        log_kept_out(self._connection, extraction.batch_id, (before, after.sha256), places)

    def _bury(self, vanished: list[str], digest: SourceDigest) -> None:
        """Enter what vanished from the source as a batch of its own."""
        batch_id = next_batch_id(self._connection)
        with self._archive.writer(f"{batch_id:08d}-{self._table.name}-vanished.copy.gz") as kept:
            header = self._header(digest, [self._table.key[0]], "text")
            kept.write_header({**header, "vanished": True})
            kept.write("".join(f"{key}\n" for key in vanished).encode())
            kept.finish()
        rows = self._reconciliation.insert_tombstones(batch_id, vanished, digest.taken_at)
        self._register(
            Batch(
                batch_id,
                self._dataset.name,
                str(self._place),
                "reconciliation",
                digest.taken_at,
                size_bytes=kept.size_bytes,
                row_count=len(vanished),
                rows_new=rows,
                rows_rejected=0,
                sha256=kept.sha256,
                kept_as=kept.kept_as,
            )
        )

    def _register(self, batch: Batch) -> None:
        register(self._connection, batch, self._settings.force_code, self._run_id)
        self._report.batches += 1
        self._report.rows_landed += batch.rows_new or 0
        self._report.rows_rejected += batch.rows_rejected or 0

    def _header(self, digest: SourceDigest, columns: list[str], copy_format: str) -> dict[str, Any]:
        cursor_from = self._known.cursor_at
        return {
            "dataset": self._dataset.name,
            "place": str(self._place),
            "columns": columns,
            "copy_format": copy_format,
            "snapshot_at": digest.taken_at.isoformat(),
            "cursor_from": cursor_from.isoformat() if cursor_from else None,
        }

    def _read_until(self, digest: SourceDigest) -> datetime | None:
        """Return how far the source was read: never past its own clock, never back."""
        known, newest = self._known.cursor_at, digest.newest
        if newest is None:
            return known
        until = min(newest, digest.taken_at)
        return max(until, known) if known else until

    def _now(self) -> datetime:
        [now] = self._connection.execute("select now()").fetchone() or (None,)
        assert isinstance(now, datetime)  # noqa: S101 - for the type checker
        return now


def _since(cursor_at: datetime | None) -> datetime | None:
    return cursor_at - OVERLAP if cursor_at else None


def _kept_out(extraction: _Extraction) -> dict[str, int]:
    return {"erased_kept_out": len(extraction.kept_out)} if extraction.kept_out else {}
