"""Replay: rejected rows go through the door again, as they came or corrected.

For each delivery that is mended there is one batch, in a transaction of its own. It is no delivery:
what it lands is valid from when the delivery was, and what later deliveries said stands.
"""

import contextlib
from pathlib import Path
from typing import Any

import psycopg

from oic_assurance.batches.archive import Archive, ArchiveWriter
from oic_assurance.batches.batch import Batch, next_batch_id, register
from oic_assurance.clock import utc_now
from oic_assurance.landing.erased_keys import Erased
from oic_assurance.landing.land import ensure_tables, session
from oic_assurance.landing.late_deliveries import LaterDeliveries, Said
from oic_assurance.landing.load import TableLoader
from oic_assurance.landing.replayed_rows import Outcome, ReplayRow, ReplayRows
from oic_assurance.operations.replay.choice import Mended, chosen, known_of, rows_of, waiting
from oic_assurance.operations.replay.corrections import read_corrected
from oic_assurance.operations.replay.record import (
    Attempt,
    ReplayedDelivery,
    ReplayReport,
    enter_outcomes,
    log_alteration,
    on_record,
)
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.sources.declarations.model import DatabasePlace, Dataset
from oic_assurance.warehouse.locks import KNOWN_BATCHES, take_in_transaction


def replay(
    settings: Settings, dataset: str, path: Path | None, because: str | None, who: str
) -> ReplayReport:
    """Replay what is in quarantine of a dataset as it came, or the corrected rows of a file.

    Raises `AssuranceError`, and lands nothing, when the file is not one of corrected rows or names
    a row that cannot be replayed.
    """
    what = declared(dataset)
    file = read_corrected(what, path) if path else None
    attempt = Attempt(
        f"replay__{utc_now().isoformat()}",
        who,
        because or (f"corrected in {file.name}" if file else "read again as it came"),
        file,
    )
    report = ReplayReport(what.name)
    with session(settings) as connection:
        ensure_tables(connection, settings, what)
        with on_record(connection, settings, what, attempt, report):
            _Replaying(settings, connection, what, attempt, report).run()
    return report


class _NothingFoundOutError(Exception):
    """Ends the transaction of a replay that would change nothing."""


class _Replaying:
    """One replay, on a connection that holds the dataset's lock."""

    def __init__(
        self,
        settings: Settings,
        connection: psycopg.Connection,
        dataset: Dataset,
        attempt: Attempt,
        report: ReplayReport,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._dataset = dataset
        self._attempt = attempt
        self._report = report
        self._archive = Archive(settings, dataset)
        self._erased = Erased(settings, connection, dataset)
        self._loaders: dict[str, TableLoader] = {}

    def run(self) -> None:
        """Replay each delivery's rows, the earliest delivery first."""
        force, file = self._settings.force_code, self._attempt.file
        with self._connection.transaction():
            self._archive.remove_leftovers(self._connection)
            if file:
                choice = chosen(self._connection, self._dataset, force, file)
            else:
                choice = waiting(self._connection, self._dataset, force)
        self._report.replayed_before = choice.replayed_before
        self._report.in_one_piece = choice.in_one_piece
        # Outside the transactions: what one of them takes back must not take the tables along.
        self._loaders = {
            table.name: TableLoader(self._connection, self._dataset, table, force)
            for table in {mended.table.name: mended.table for mended in choice.deliveries}.values()
        }
        for mended in choice.deliveries:
            delivery = ReplayedDelivery(mended)
            with contextlib.suppress(_NothingFoundOutError), self._connection.transaction():
                self._replay(delivery)
            if delivery.landed or delivery.broken:
                self._report.deliveries.append(delivery)

    def _replay(self, delivery: ReplayedDelivery) -> None:
        # A build that is being opened waits, so that it knows of this batch or does not.
        take_in_transaction(self._connection, KNOWN_BATCHES, shared=True)
        mended = delivery.mended
        loader = self._loaders[mended.table.name]
        through = ReplayRows(loader)
        rows = self._not_erased(mended, through, self._rows(mended))
        if not rows:
            raise _NothingFoundOutError
        notes: dict[str, Any] = {}
        if self._dataset.kind == "file":
            said = LaterDeliveries(self._settings, loader)
            later = said.after(mended.delivered_for, mended.batch_id)
            overtaken = self._overtaken(mended, said, later, through, rows)
            if not said.stage(Said(mended.batch_id, mended.delivered_for, mended.kept_as)):
                notes["delivery_not_read"] = True
        through.take(rows)
        through.stage()
        self._judge(delivery, through.check(beside_others="delivery_not_read" not in notes))
        delivery.batch_id = next_batch_id(self._connection)
        with self._archive.writer(f"{delivery.batch_id:08d}-replay.copy.gz") as kept:
            through.keep(kept, self._header(mended))
            kept.finish()
        if self._dataset.kind == "file":
            through.leave_out(overtaken)
            delivery.rows_new = loader.insert_delivered(delivery.batch_id, mended.delivered_for)
            self._let_stand(delivery, loader, said, later)
        else:
            delivery.rows_new = loader.insert_replayed(delivery.batch_id, mended.batch_id)
            self._reconcile_next_time()
        self._enter(delivery, kept, notes)

    def _rows(self, mended: Mended) -> list[ReplayRow]:
        """Return the rows, but for those that a marking keeps at the door: they go no further."""
        file, place = self._attempt.file, self._dataset.place
        corrections = {row.rejected_id: row for row in file.rows} if file else {}
        rows = list(rows_of(self._connection, mended, corrections))
        if not isinstance(place, DatabasePlace) or place.marking is None:
            return rows
        marking = mended.table.names.index(place.marking.column)
        admitted = [row for row in rows if row.values[marking] in place.marking.admits]
        self._report.at_the_door += len(rows) - len(admitted)
        return admitted

    def _overtaken(
        self,
        mended: Mended,
        said: LaterDeliveries,
        later: list[Said],
        through: ReplayRows,
        rows: list[ReplayRow],
    ) -> set[str]:
        """Return the keys of which a later delivery for the same moment speaks: it has the word."""
        at_once = [one for one in later if one.delivered_for == mended.delivered_for]
        if not at_once:
            return set()
        keys = set(self._keys(mended, through, rows).values())
        found: set[str] = set()
        for one in at_once:
            found |= said.spoken_of(one, keys)
        return found

    def _not_erased(
        self, mended: Mended, through: ReplayRows, rows: list[ReplayRow]
    ) -> list[ReplayRow]:
        """Return the rows but for those that speak, as they are now, of erased records."""
        if not (rows and self._erased):
            return rows
        keys = self._keys(mended, through, rows)
        gone = {row for row, key in keys.items() if self._erased.holds(mended.table, key)}
        self._report.erased += len(gone)
        return [row for row in rows if row.rejected_id not in gone]

    def _keys(self, mended: Mended, through: ReplayRows, rows: list[ReplayRow]) -> dict[int, str]:
        """Return the key that each row has as it is now, if any, by rejected row."""
        through.take(rows)
        through.stage()
        outcomes = through.check()
        through.clear()
        self._loaders[mended.table.name].clear()
        return {one.rejected_id: one.row_key for one in outcomes if one.row_key is not None}

    def _judge(self, delivery: ReplayedDelivery, outcomes: list[Outcome]) -> None:
        """Sort what came of the rows; end it here when that is nothing but what is known."""
        known = known_of(self._connection, delivery.mended)
        for outcome in outcomes:
            if outcome.reasons:
                delivery.broken.append(outcome)
                continue
            delivery.landed.append(outcome)
            if known[outcome.rejected_id].row_key not in (None, outcome.row_key):
                delivery.rekeyed.append(outcome.rejected_id)
        if not delivery.landed and all(
            outcome.reasons == known[outcome.rejected_id].reasons for outcome in delivery.broken
        ):
            raise _NothingFoundOutError

    def _header(self, mended: Mended) -> dict[str, Any]:
        return {
            "dataset": self._dataset.name,
            "table": mended.table.name,
            "place": mended.source_place,
            "replay_of": mended.batch_id,
        }

    def _let_stand(
        self,
        delivery: ReplayedDelivery,
        loader: TableLoader,
        said: LaterDeliveries,
        later: list[Said],
    ) -> None:
        """Let what deliveries for later moments said of the same records stand."""
        batch_id, at = delivery.batch_id or 0, delivery.mended.delivered_for
        after = [one for one in later if one.delivered_for > at]
        if not (after and delivery.rows_new):
            return
        if self._dataset.delivery == "full":
            loader.restore_later_versions(batch_id, at)
        elif keys := loader.keys_changed_late(batch_id, at):
            said.apply(batch_id, after, keys)

    def _reconcile_next_time(self) -> None:
        """Make the next extraction compare keys and clocks with the source, whatever its digest.

        The record may be gone there, or its clock put back, without a trace in raw.
        """
        self._connection.execute(
            "update audit.source_cursor set key_digest = null"
            " where force_code = %s and dataset = %s",
            (self._settings.force_code, self._dataset.name),
        )

    def _enter(
        self, delivery: ReplayedDelivery, kept: ArchiveWriter, notes: dict[str, Any]
    ) -> None:
        """Enter what came of each row, and the batch."""
        mended, attempt = delivery.mended, self._attempt
        enter_outcomes(self._connection, delivery)
        notes |= {
            "replay_of": mended.batch_id,
            "table": mended.table.name,
            "because": attempt.because,
            "who": attempt.who,
            "declaration": self._dataset.fingerprint,
        }
        if attempt.file:
            notes["corrected_in"] = {"file": attempt.file.name, "sha256": attempt.file.sha256}
        if delivery.rekeyed:
            notes["landed_under_another_key"] = delivery.rekeyed
        batch = Batch(
            delivery.batch_id or 0,
            self._dataset.name,
            mended.source_place,
            "replay",
            mended.delivered_for,
            size_bytes=kept.size_bytes,
            row_count=len(delivery.landed) + len(delivery.broken),
            rows_new=delivery.rows_new,
            rows_rejected=len(delivery.broken),
            sha256=kept.sha256,
            notes=notes,
            kept_as=kept.kept_as,
            replay_of=mended.batch_id,
        )
        register(self._connection, batch, self._settings.force_code, attempt.run_id)
        if attempt.file:
            log_alteration(self._connection, attempt, batch)
