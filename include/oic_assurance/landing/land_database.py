"""Landing of database tables: what changed since the cursor, and what the cursor did not show.

A row can commit minutes after its cursor value, so each extraction reaches back a little; what it
reads again is known by its fingerprint. Keys are then reconciled, all in one snapshot.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from oic_assurance.errors import DeliveryRefused
from oic_assurance.landing import checks, quarantine
from oic_assurance.landing.batch import Batch, Keeper, KeptWriter, next_batch_id, register
from oic_assurance.landing.erased import Erased, log_kept_out
from oic_assurance.landing.extracts import rewrite_extract
from oic_assurance.landing.load import Summary, TableLoader
from oic_assurance.landing.reconcile import Reconciliation
from oic_assurance.landing.report import LandingReport
from oic_assurance.settings import Settings
from oic_assurance.sources.database import KeyDigest, SourceTable, snapshot
from oic_assurance.sources.model import DatabasePlace, Dataset

#: How long after its cursor value a row may commit and still be found without reconciliation.
OVERLAP = timedelta(minutes=15)
KEYS_AT_ONCE = 10_000


class _NothingNewError(Exception):
    """Ends the transaction of an extraction that brought nothing."""


@dataclass
class _Extraction:
    """What one extraction has read so far."""

    batch_id: int
    cursor_from: datetime | None
    digest: KeyDigest
    rows: int = 0
    cursor_to: datetime | None = None
    vanished: list[str] = field(default_factory=list)
    at_the_door: list[str] = field(default_factory=list)
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
        assert isinstance(dataset.place, DatabasePlace)  # noqa: S101 - for the type checker
        self._settings = settings
        self._connection = connection
        self._dataset = dataset
        self._place = dataset.place
        self._table = dataset.tables[0]
        self._run_id = run_id
        self._report = report
        self._keeper = Keeper(settings, dataset)
        self._erased = Erased(settings, connection, dataset)
        self._loader = TableLoader(connection, dataset, self._table, settings.force_code)
        self._reconciliation = Reconciliation(connection, dataset, settings.force_code)

    def land(self) -> None:
        """Bring raw to the state of the source as one snapshot shows it."""
        with self._connection.transaction():
            self._keeper.remove_leftovers(self._connection)
        with snapshot(self._settings, self._dataset) as source:
            undeclared = source.check_columns()
            if undeclared:
                self._report.notes.append(f"columns kept out: {', '.join(undeclared)}")
            try:
                with self._connection.transaction():
                    extraction = self._extract(source, undeclared)
            except _NothingNewError as nothing:
                extraction = nothing.args[0]
                with self._connection.transaction():
                    self._move_cursor(extraction)

    def _extract(self, source: SourceTable, undeclared: list[str]) -> _Extraction:
        cursor_from, known_digest = self._cursor()
        extraction = _Extraction(
            next_batch_id(self._connection), cursor_from, source.digest(), cursor_to=cursor_from
        )
        name = f"{extraction.batch_id:08d}-{self._table.name}.copy.gz"
        with self._keeper.writer(name) as kept:
            kept.write_header(self._header(extraction))
            # What is read from the beginning needs no reconciling when nothing was known before.
            reconcile = extraction.digest.text != known_digest and (
                cursor_from is not None or self._loader.has_rows(extraction.digest.taken_at)
            )
            self._stage(source, extraction, kept, reconcile=reconcile)
            summary = self._loader.check()
            if places := self._erased.places(self._loader):
                summary = self._loader.leave_out(places)
                extraction.kept_out = places
            self._refuse_what_is_too_bad(extraction, summary)
            rows_new = self._loader.insert_extracted(
                extraction.batch_id, extraction.digest.taken_at
            )
            rejected = summary.rejected + len(extraction.at_the_door)
            if not (rows_new or rejected or extraction.vanished):
                raise _NothingNewError(extraction)
            if rows_new or rejected:
                kept.finish()
                self._enter(extraction, kept, rows_new, rejected, undeclared)
        if extraction.vanished:
            self._bury(extraction)
        self._move_cursor(extraction)
        return extraction

    def _header(self, extraction: _Extraction) -> dict[str, Any]:
        return {
            "dataset": self._dataset.name,
            "place": str(self._place),
            "columns": ["row_number", *self._table.names],
            "snapshot_at": extraction.digest.taken_at.isoformat(),
            "cursor_from": extraction.cursor_from.isoformat() if extraction.cursor_from else None,
        }

    def _stage(
        self, source: SourceTable, extraction: _Extraction, kept: KeptWriter, *, reconcile: bool
    ) -> None:
        """Copy what is to be landed into the warehouse and into the kept batch at once."""
        since = extraction.cursor_from - OVERLAP if extraction.cursor_from else None
        self._copy_in(source.stream(source.changed_since(since)), extraction, kept)
        at_the_door = source.keys_at_the_door()
        if at_the_door:
            known = quarantine.known_at_the_door(
                self._connection, self._dataset, self._settings.force_code
            )
            new = [key for key in at_the_door if key not in known]
            extraction.at_the_door = self._erased.left(self._table, new)
        if reconcile:
            self._reconciliation.take_keys(source)
            missed = self._reconciliation.missed(at_the_door)
            missed = self._erased.left(self._table, missed)
            for start in range(0, len(missed), KEYS_AT_ONCE):
                query = source.with_keys(missed[start : start + KEYS_AT_ONCE], extraction.rows)
                self._copy_in(source.stream(query), extraction, kept)
            extraction.vanished = self._reconciliation.vanished()
        extraction.cursor_to = self._newest(extraction)

    def _copy_in(self, pieces: Iterator[bytes], extraction: _Extraction, kept: KeptWriter) -> None:
        statement = checks.copy_statement(self._table, "")
        with self._connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                for piece in pieces:
                    copy.write(piece)
                    kept.write(piece)
            extraction.rows += max(cursor.rowcount, 0)

    def _newest(self, extraction: _Extraction) -> datetime | None:
        """Return how far the source was read: never past its own clock, never back."""
        row = self._connection.execute(
            SQL("select least(greatest(max({}), %s), greatest(%s, %s)) from {}").format(
                Identifier(self._place.cursor), checks.stage(self._table)
            ),
            (extraction.cursor_from, extraction.digest.taken_at, extraction.cursor_from),
        ).fetchone()
        newest: datetime | None = row[0] if row else None
        return newest if extraction.rows else extraction.cursor_from

    def _refuse_what_is_too_bad(self, extraction: _Extraction, summary: Summary) -> None:
        if not self._dataset.tolerance.exceeded(summary.rejected, summary.rows):
            return
        raise DeliveryRefused(
            f"{self._dataset.name}: {summary.rejected} of {summary.rows} rows of {self._place} "
            "break the source contract, which is over the tolerance of "
            f"{self._dataset.tolerance.share:.0%}."
        )

    def _enter(
        self,
        extraction: _Extraction,
        kept: KeptWriter,
        rows_new: int,
        rejected: int,
        undeclared: list[str],
    ) -> None:
        """Enter the batch of rows and what of it was rejected."""
        self._loader.quarantine(extraction.batch_id)
        if extraction.at_the_door:
            quarantine.refuse_at_the_door(
                self._connection,
                self._dataset,
                self._table,
                extraction.batch_id,
                extraction.at_the_door,
            )
        batch = Batch(
            extraction.batch_id,
            self._dataset.name,
            str(self._place),
            "database",
            extraction.digest.taken_at,
            size_bytes=kept.size_bytes,
            row_count=extraction.rows + len(extraction.at_the_door),
            rows_new=rows_new,
            rows_rejected=rejected,
            sha256=kept.sha256,
            cursor_from=extraction.cursor_from,
            cursor_to=extraction.cursor_to,
            notes=_notes(undeclared, extraction.kept_out),
            kept_as=kept.kept_as,
        )
        register(self._connection, batch, self._settings.force_code, self._run_id)
        if extraction.kept_out:
            self._keep_without(extraction, batch)
        self._count(batch)

    def _keep_without(self, extraction: _Extraction, batch: Batch) -> None:
        """Keep a batch without what had been erased before the source said it again."""
        gone = extraction.kept_out
        path = self._settings.home / str(batch.kept_as)
        after = rewrite_extract(
            self._settings, self._connection, self._dataset, path, path, places=gone
        )
        sha256 = (batch.sha256, after.sha256)
        log_kept_out(self._connection, batch.batch_id, sha256, {self._table.name: gone})

    def _bury(self, extraction: _Extraction) -> None:
        """Enter what vanished from the source as a batch of its own."""
        batch_id = next_batch_id(self._connection)
        with self._keeper.writer(f"{batch_id:08d}-{self._table.name}-vanished.copy.gz") as kept:
            header = self._header(extraction)
            kept.write_header({**header, "columns": [self._table.key[0]], "vanished": True})
            kept.write("".join(f"{key}\n" for key in extraction.vanished).encode())
            kept.finish()
        rows = self._reconciliation.insert_tombstones(
            batch_id, extraction.vanished, extraction.digest.taken_at
        )
        batch = Batch(
            batch_id,
            self._dataset.name,
            str(self._place),
            "reconciliation",
            extraction.digest.taken_at,
            size_bytes=kept.size_bytes,
            row_count=len(extraction.vanished),
            rows_new=rows,
            rows_rejected=0,
            sha256=kept.sha256,
            kept_as=kept.kept_as,
        )
        register(self._connection, batch, self._settings.force_code, self._run_id)
        self._count(batch)

    def _count(self, batch: Batch) -> None:
        self._report.batches += 1
        self._report.rows_landed += batch.rows_new or 0
        self._report.rows_rejected += batch.rows_rejected or 0

    def _cursor(self) -> tuple[datetime | None, str | None]:
        row = self._connection.execute(
            "select cursor_at, key_digest from audit.source_cursor"
            " where force_code = %s and dataset = %s",
            (self._settings.force_code, self._dataset.name),
        ).fetchone()
        return (row[0], row[1]) if row else (None, None)

    def _move_cursor(self, extraction: _Extraction) -> None:
        self._connection.execute(
            """
            insert into audit.source_cursor
                (force_code, dataset, cursor_at, reconciled_at, key_digest)
            values (%s, %s, %s, %s, %s)
            on conflict (force_code, dataset) do update set
                cursor_at = excluded.cursor_at, reconciled_at = excluded.reconciled_at,
                key_digest = excluded.key_digest
            """,
            (
                self._settings.force_code,
                self._dataset.name,
                extraction.cursor_to,
                extraction.digest.taken_at,
                extraction.digest.text,
            ),
        )


def _notes(undeclared: list[str], kept_out: list[int]) -> dict[str, Any]:
    notes: dict[str, Any] = {"columns_kept_out": undeclared} if undeclared else {}
    if kept_out:
        notes["erased_kept_out"] = len(kept_out)
    return notes
