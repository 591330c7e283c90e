"""Land rejected rows again, as they were delivered or corrected.

The rows of one delivery and one table are replayed as one batch, in one transaction. For a file,
the landed versions are valid from the moment of the original delivery. For a database, they are
valid from the cursor values of the rows. Later deliveries still override these versions.
"""

import contextlib
from pathlib import Path
from typing import Any

import psycopg

from oic_assurance.batches.archive_writer import Archive, ArchiveWriter
from oic_assurance.batches.batch import Batch, next_batch_id, register
from oic_assurance.clock import utc_now
from oic_assurance.landing.erased_keys import ErasedKeys
from oic_assurance.landing.land import landing_session, lock_and_prepare
from oic_assurance.landing.late_deliveries import LaterDeliveries, LaterDelivery
from oic_assurance.landing.load import TableLoader
from oic_assurance.landing.replayed_rows import Outcome, ReplayRow, ReplayRows
from oic_assurance.operations.replay.corrections import read_corrected
from oic_assurance.operations.replay.record import (
    Attempt,
    ReplayedDelivery,
    ReplayReport,
    enter_outcomes,
    log_alteration,
    on_record,
)
from oic_assurance.operations.replay.selection import (
    RejectedRows,
    quarantined_rows,
    rows_to_replay,
    select_corrected,
    select_waiting,
)
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.sources.declarations.model import DatabasePlace, Dataset
from oic_assurance.warehouse.locks import KNOWN_BATCHES, take_in_transaction


def replay(
    settings: Settings, dataset: str, path: Path | None, because: str | None, who: str
) -> ReplayReport:
    """Replay the rows of a dataset that wait in quarantine, or the corrected rows of a file.

    `because` is recorded as the reason. Without it, a default reason is recorded. `who` is recorded
    as a claim, along with the login that the server sees.

    Raises:
        UsageError: There is no such dataset.
        AssuranceError: The file does not hold corrected rows, or names a row that cannot be
            replayed. Nothing is landed.
    """
    chosen = declared(dataset)
    file = read_corrected(chosen, path) if path else None
    attempt = Attempt(
        f"replay__{utc_now().isoformat()}",
        who,
        because or (f"corrected in {file.name}" if file else "read again as it came"),
        file,
    )
    report = ReplayReport(chosen.name)
    with landing_session(settings) as connection:
        lock_and_prepare(connection, settings, chosen)
        with on_record(connection, settings, chosen, attempt, report):
            _Replay(settings, connection, chosen, attempt, report).run()
    return report


class _NothingChangesError(Exception):
    """Rolls back the transaction of a replay that would change nothing."""


class _Replay:
    """One replay, on a connection that holds the lock of the dataset."""

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
        self._erased = ErasedKeys(settings, connection, dataset)
        self._loaders: dict[str, TableLoader] = {}

    def run(self) -> None:
        """Replay the selected rows delivery by delivery, earliest delivery first."""
        force, file = self._settings.force_code, self._attempt.file
        with self._connection.transaction():
            self._archive.remove_leftovers(self._connection)
            if file:
                selection = select_corrected(self._connection, self._dataset, force, file)
            else:
                selection = select_waiting(self._connection, self._dataset, force)
        self._report.replayed_before = selection.replayed_before
        self._report.unsplit = selection.unsplit
        # Temporary tables are created outside the transactions, so that a transaction's roll-back
        # does not drop them.
        self._loaders = {
            table.name: TableLoader(self._connection, self._dataset, table, force)
            for table in {one.table.name: one.table for one in selection.deliveries}.values()
        }
        for rejected in selection.deliveries:
            delivery = ReplayedDelivery(rejected)
            with contextlib.suppress(_NothingChangesError), self._connection.transaction():
                self._replay(delivery)
            if delivery.landed or delivery.still_rejected:
                self._report.deliveries.append(delivery)

    def _replay(self, delivery: ReplayedDelivery) -> None:
        # This lock makes a build that is being opened wait. So the build knows either the whole
        # batch or nothing of it.
        take_in_transaction(self._connection, KNOWN_BATCHES, shared=True)
        rejected = delivery.rejected
        loader = self._loaders[rejected.table.name]
        replayed = ReplayRows(loader)
        rows = self._without_erased(rejected, replayed, self._admitted_rows(rejected))
        if not rows:
            raise _NothingChangesError
        notes: dict[str, Any] = {}
        if self._dataset.kind == "file":
            deliveries = LaterDeliveries(self._settings, loader)
            later = deliveries.after(rejected.delivered_for, rejected.batch_id)
            overridden = self._overridden_keys(rejected, deliveries, later, replayed, rows)
            original = LaterDelivery(
                rejected.batch_id, rejected.delivered_for, rejected.archived_as
            )
            if not deliveries.stage(original):
                notes["delivery_not_read"] = True
        replayed.add(rows)
        replayed.stage()
        self._sort_outcomes(
            delivery, replayed.check(with_rest_of_delivery="delivery_not_read" not in notes)
        )
        delivery.batch_id = next_batch_id(self._connection)
        with self._archive.writer(f"{delivery.batch_id:08d}-replay.copy.gz") as archived:
            replayed.archive(archived, self._header(rejected))
            archived.finish()
        if self._dataset.kind == "file":
            replayed.exclude(overridden)
            delivery.rows_new = loader.insert_delivered(delivery.batch_id, rejected.delivered_for)
            self._restore_later_versions(delivery, loader, deliveries, later)
        else:
            delivery.rows_new = loader.insert_replayed(delivery.batch_id, rejected.batch_id)
            self._reconcile_next_time()
        self._record(delivery, archived, notes)

    def _admitted_rows(self, rejected: RejectedRows) -> list[ReplayRow]:
        """Return the rows whose protective marking is admitted."""
        file, place = self._attempt.file, self._dataset.place
        corrections = {row.rejected_id: row for row in file.rows} if file else {}
        rows = list(rows_to_replay(self._connection, rejected, corrections))
        if not isinstance(place, DatabasePlace) or place.marking is None:
            return rows
        marking = rejected.table.names.index(place.marking.column)
        admitted = [row for row in rows if row.values[marking] in place.marking.admits]
        self._report.refused_by_marking += len(rows) - len(admitted)
        return admitted

    def _overridden_keys(
        self,
        rejected: RejectedRows,
        deliveries: LaterDeliveries,
        later: list[LaterDelivery],
        replayed: ReplayRows,
        rows: list[ReplayRow],
    ) -> set[str]:
        """Return the keys whose rows must not be landed, because another delivery overrides them.

        If two deliveries are for the same moment, the one that was landed last counts. So if
        another delivery for the same moment was landed later, this returns the keys whose
        state that delivery determines.
        """
        same_moment = [one for one in later if one.delivered_for == rejected.delivered_for]
        if not same_moment:
            return set()
        keys = set(self._keys(rejected, replayed, rows).values())
        found: set[str] = set()
        for one in same_moment:
            found |= deliveries.covered_keys(one, keys)
        return found

    def _without_erased(
        self, rejected: RejectedRows, replayed: ReplayRows, rows: list[ReplayRow]
    ) -> list[ReplayRow]:
        """Return the rows that do not have the key of an erased record after their correction."""
        if not (rows and self._erased):
            return rows
        keys = self._keys(rejected, replayed, rows)
        erased = {row for row, key in keys.items() if self._erased.contains(rejected.table, key)}
        self._report.erased += len(erased)
        return [row for row in rows if row.rejected_id not in erased]

    def _keys(
        self, rejected: RejectedRows, replayed: ReplayRows, rows: list[ReplayRow]
    ) -> dict[int, str]:
        """Return the key of each row after its correction, keyed by `rejected_id`.

        Rows without a readable key are left out.
        """
        replayed.add(rows)
        replayed.stage()
        outcomes = replayed.check()
        replayed.clear()
        self._loaders[rejected.table.name].clear()
        return {one.rejected_id: one.row_key for one in outcomes if one.row_key is not None}

    def _sort_outcomes(self, delivery: ReplayedDelivery, outcomes: list[Outcome]) -> None:
        """Divide the rows into landed and still rejected ones.

        Raises:
            _NothingChangesError: No row was landed, and the reasons of all rows stay the same.
        """
        quarantined = quarantined_rows(self._connection, delivery.rejected)
        for outcome in outcomes:
            if outcome.reasons:
                delivery.still_rejected.append(outcome)
                continue
            delivery.landed.append(outcome)
            if quarantined[outcome.rejected_id].row_key not in (None, outcome.row_key):
                delivery.rekeyed.append(outcome.rejected_id)
        if not delivery.landed and all(
            outcome.reasons == quarantined[outcome.rejected_id].reasons
            for outcome in delivery.still_rejected
        ):
            raise _NothingChangesError

    def _header(self, rejected: RejectedRows) -> dict[str, Any]:
        return {
            "dataset": self._dataset.name,
            "table": rejected.table.name,
            "place": rejected.source_place,
            "replay_of": rejected.batch_id,
        }

    def _restore_later_versions(
        self,
        delivery: ReplayedDelivery,
        loader: TableLoader,
        deliveries: LaterDeliveries,
        later: list[LaterDelivery],
    ) -> None:
        """Restore versions that the replay has overridden, but that later deliveries confirm."""
        batch_id, at = delivery.batch_id or 0, delivery.rejected.delivered_for
        after = [one for one in later if one.delivered_for > at]
        if not (after and delivery.rows_new):
            return
        if self._dataset.delivery == "full":
            unnamed = deliveries.unnamed(batch_id, at, after)
            loader.restore_later_versions(batch_id, at, unnamed)
        elif keys := loader.keys_changed_late(batch_id, at):
            deliveries.apply(batch_id, after, keys)

    def _reconcile_next_time(self) -> None:
        """Make the next extraction compare all keys and cursor values with those in the source.

        The source may have deleted a replayed record or set back its cursor value, and raw cannot
        show this. An extraction skips the comparison if the stored digest of the keys is unchanged.
        So this method deletes the stored digest.
        """
        self._connection.execute(
            "update audit.source_cursor set key_digest = null"
            " where force_code = %s and dataset = %s",
            (self._settings.force_code, self._dataset.name),
        )

    def _record(
        self, delivery: ReplayedDelivery, archived: ArchiveWriter, notes: dict[str, Any]
    ) -> None:
        """Record the result of each row, and the batch."""
        rejected, attempt = delivery.rejected, self._attempt
        enter_outcomes(self._connection, delivery)
        notes |= {
            "replay_of": rejected.batch_id,
            "table": rejected.table.name,
            "because": attempt.because,
            "claimed_by": attempt.who,
            "declaration": self._dataset.fingerprint,
        }
        if attempt.file:
            notes["corrected_in"] = {"file": attempt.file.name, "sha256": attempt.file.sha256}
        if delivery.rekeyed:
            notes["landed_under_another_key"] = delivery.rekeyed
        batch = Batch(
            delivery.batch_id or 0,
            self._dataset.name,
            rejected.source_place,
            "replay",
            rejected.delivered_for,
            size_bytes=archived.size_bytes,
            row_count=len(delivery.landed) + len(delivery.still_rejected),
            rows_new=delivery.rows_new,
            rows_rejected=len(delivery.still_rejected),
            sha256=archived.sha256,
            notes=notes,
            archived_as=archived.archived_as,
            replay_of=rejected.batch_id,
        )
        register(self._connection, batch, self._settings.force_code, attempt.run_id)
        if attempt.file:
            log_alteration(self._connection, attempt, batch)
