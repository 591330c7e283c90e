"""Land rejected rows again, as they were delivered or corrected.

The rows of one delivery and one table are replayed as one batch, in one transaction. For a file,
the landed versions are valid from the moment of the original delivery. For a database, they are
valid from the cursor values of the rows. Later deliveries still override these versions.
"""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Literal

from oic_assurance.batches.archive_writer import Archive, ArchiveWriter
from oic_assurance.batches.batch import Batch, next_batch_id, register
from oic_assurance.clock import utc_now
from oic_assurance.errors import AssuranceError
from oic_assurance.landing.erased_keys import ErasedKeys
from oic_assurance.landing.land import errors_in_one_line, landing_session, lock_and_prepare
from oic_assurance.landing.late_deliveries import LaterDeliveries, LaterDelivery
from oic_assurance.landing.load import TableLoader
from oic_assurance.landing.quarantine import WITH_REASONS
from oic_assurance.landing.replayed_rows import Outcome, ReplayRow, ReplayRows
from oic_assurance.operations.replay.corrections import (
    CorrectedFile,
    Correction,
    corrected,
    read_corrected,
)
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.sources.declarations.model import DatabasePlace, Dataset, Table
from oic_assurance.warehouse.locks import KNOWN_BATCHES, take_in_transaction
from oic_assurance.warehouse.processing_log import batch_mark, dataset_mark, enter
from oic_assurance.warehouse.rows import named_rows, one_value


@dataclass(frozen=True)
class RejectedRows:
    """Rejected rows of one delivery and one table that are to be replayed together."""

    batch_id: int
    delivered_for: datetime
    source_place: str
    archived_as: str | None
    table: Table
    rejected_ids: tuple[int, ...]


@dataclass(frozen=True)
class Attempt:
    """One call of `replay`: who replays rows, and why.

    `who` names the person, as the machine or the caller claims. The login that the server sees is
    recorded too. `file` holds the corrected rows, or is None if rows are replayed as they were
    delivered.
    """

    run_id: str
    who: str
    because: str
    file: CorrectedFile | None


@dataclass
class ReplayedDelivery:
    """The result of replaying rejected rows of one delivery."""

    rejected: RejectedRows
    #: The ID of the replay's batch. If no row was landed and the reasons of all rows stay the same,
    #: no batch is recorded, and this is None.
    batch_id: int | None = None
    rows_new: int = 0
    landed: list[Outcome] = field(default_factory=list)
    still_rejected: list[Outcome] = field(default_factory=list)
    #: The `rejected_id` of each row that was landed under a key other than its key in quarantine.
    rekeyed: list[int] = field(default_factory=list)


@dataclass
class ReplayReport:
    """The result of a replay, delivery by delivery."""

    dataset: str
    deliveries: list[ReplayedDelivery] = field(default_factory=list)
    #: Rows of a corrected file that an earlier replay has landed: a mapping from `rejected_id` to
    #: the ID of that replay's batch.
    replayed_before: dict[int, int] = field(default_factory=dict)
    #: The number of rows left out because of their protective marking.
    refused_by_marking: int = 0
    #: The number of rows left out because their records were erased.
    erased: int = 0
    #: The number of rows left out because they could not be split into cells.
    unsplit: int = 0

    @property
    def landed(self) -> int:
        """The number of rows that were landed."""
        return sum(len(delivery.landed) for delivery in self.deliveries)

    @property
    def rows_new(self) -> int:
        """The number of landed rows that were a new version of their record."""
        return sum(delivery.rows_new for delivery in self.deliveries)

    @property
    def still_rejected(self) -> list[Outcome]:
        """The rows that still break the source contract."""
        return [outcome for delivery in self.deliveries for outcome in delivery.still_rejected]


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


@dataclass
class _Replay:
    """One replay, on a connection that holds the lock of the dataset."""

    _settings: Settings
    _connection: psycopg.Connection
    _dataset: Dataset
    _attempt: Attempt
    _report: ReplayReport

    def __post_init__(self) -> None:
        self._archive = Archive(self._settings, self._dataset)
        self._erased = ErasedKeys(self._settings, self._connection, self._dataset)
        self._loaders: dict[str, TableLoader] = {}

    def run(self) -> None:
        """Replay the selected rows delivery by delivery, earliest delivery first."""
        force, file = self._settings.force_code, self._attempt.file
        with self._connection.transaction():
            self._archive.remove_leftovers(self._connection)
            if file:
                chosen = select_corrected(self._connection, self._dataset, force, file)
                before = {row.rejected_id: row.replayed_in for row in chosen if row.replayed_in}
                self._report.replayed_before = before
                rows = [row for row in chosen if not row.replayed_in]
            else:
                # A row without content, or one that could not be split into cells, is left out.
                condition = "r.dataset = %(dataset)s and r.status = 'rejected'"
                waiting = _rows(self._connection, condition, self._dataset, force)
                self._report.unsplit = sum(row.is_unsplit for row in waiting)
                rows = [row for row in waiting if row.has_content and not row.is_unsplit]
        selected = _by_delivery(self._dataset, rows)
        # Temporary tables are created outside the transactions, so that a transaction's roll-back
        # does not drop them.
        self._loaders = {
            table.name: TableLoader(self._connection, self._dataset, table, force)
            for table in {one.table.name: one.table for one in selected}.values()
        }
        for rejected in selected:
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
            delivered = LaterDelivery(
                rejected.batch_id, rejected.delivered_for, rejected.archived_as
            )
            if not deliveries.stage(delivered):
                notes["delivery_not_read"] = True
        replayed.add(rows)
        replayed.stage()
        self._sort_outcomes(
            delivery, replayed.check(with_rest_of_delivery="delivery_not_read" not in notes)
        )
        delivery.batch_id = next_batch_id(self._connection)
        with self._archive.writer(f"{delivery.batch_id:08d}-replay.copy.gz") as archived:
            header = {
                "dataset": self._dataset.name,
                "table": rejected.table.name,
                "place": rejected.source_place,
                "replay_of": rejected.batch_id,
            }
            replayed.archive(archived, header)
            archived.finish()
        if self._dataset.kind == "file":
            replayed.exclude(overridden)
            delivery.rows_new = loader.insert_delivered(delivery.batch_id, rejected.delivered_for)
            self._restore_later_versions(delivery, loader, deliveries, later)
        else:
            delivery.rows_new = loader.insert_replayed(delivery.batch_id, rejected.batch_id)
            # The source may have deleted a replayed record or set back its cursor value, and raw
            # cannot show this. So the next extraction must compare all keys and cursor values with
            # those in the source. It skips that if the stored digest of the keys is unchanged.
            self._connection.execute(
                "update audit.source_cursor set key_digest = null"
                " where force_code = %s and dataset = %s",
                (self._settings.force_code, self._dataset.name),
            )
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

    def _record(
        self, delivery: ReplayedDelivery, archived: ArchiveWriter, notes: dict[str, Any]
    ) -> None:
        """Record the result of each row, and the batch.

        A landed row gets the status `replayed` in quarantine.
        """
        rejected, attempt = delivery.rejected, self._attempt
        with (
            self._connection.cursor() as cursor,
            cursor.copy(
                "copy audit.replayed_row (rejected_id, batch_id, row_key, reasons) from stdin"
            ) as copy,
        ):
            for one in (*delivery.landed, *delivery.still_rejected):
                copy.write_row((one.rejected_id, delivery.batch_id, one.row_key, one.reasons))
        self._connection.execute(
            """
            update audit.rejected_row as r
            set status = 'replayed', replayed_in = a.batch_id, replayed_key = a.row_key
            from audit.replayed_row as a
            where a.batch_id = %s and a.rejected_id = r.rejected_id and a.reasons = '{}'
            """,
            (delivery.batch_id,),
        )
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
            # Corrections were landed instead of the delivered values (DPA 2018 section 62).
            what = (
                f"{batch.dataset}, batch {batch.batch_id}: {batch.row_count} rejected rows of "
                f"batch {batch.replay_of} as corrected in {attempt.file.name}"
            )
            enter(
                self._connection,
                "alteration",
                what,
                because=attempt.because,
                run_id=attempt.run_id,
                concerns=(batch_mark(batch.batch_id), dataset_mark(batch.dataset)),
            )


def select_corrected(
    connection: psycopg.Connection, dataset: Dataset, force_code: str, file: CorrectedFile
) -> list[Any]:
    """Return the rejected rows that a file corrects, in the order of the deliveries.

    Raises:
        AssuranceError: A row of the file cannot be corrected. The message is about the first one.
    """
    ids = [row.rejected_id for row in file.rows]
    rows = {
        row.rejected_id: row
        for row in _rows(connection, "r.rejected_id = any(%(ids)s)", dataset, force_code, ids)
    }
    problems = [
        f"{file.name}, row {correction.row_number}: {problem}"
        for correction in file.rows
        if (problem := _problem(correction, rows.get(correction.rejected_id), dataset, file))
    ]
    if problems:
        more = f" ({len(problems) - 1} more rows like this)" if len(problems) > 1 else ""
        raise AssuranceError(f"{problems[0]}{more}. Nothing was replayed.")
    return list(rows.values())


def quarantined_rows(connection: psycopg.Connection, rejected: RejectedRows) -> dict[int, Any]:
    """Return the key and the present reasons of rejected rows, keyed by `rejected_id`."""
    rows = named_rows(
        connection,
        f"""
        select r.rejected_id, r.row_key, now.reasons
        from {WITH_REASONS} where r.rejected_id = any(%s)
        """.encode(),  # noqa: S608 - a constant
        (list(rejected.rejected_ids),),
    )
    return {row.rejected_id: row for row in rows}


def rows_to_replay(
    connection: psycopg.Connection, rejected: RejectedRows, corrections: dict[int, Correction]
) -> Iterator[ReplayRow]:
    """Yield each rejected row as it was delivered or, if it has a correction, as corrected."""
    rows = connection.execute(
        SQL(
            "select r.row_number, r.rejected_id, {} from audit.rejected_row as r"
            " where r.rejected_id = any(%s) order by r.row_number"
        ).format(
            SQL(", ").join(
                SQL("r.content ->> {}").format(Literal(name)) for name in rejected.table.names
            )
        ),
        (list(rejected.rejected_ids),),
    )
    for row_number, rejected_id, *values in rows:
        if rejected_id in corrections:
            cells = corrections[rejected_id].cells
            values = [
                corrected(column, value, cell)
                for column, value, cell in zip(rejected.table.columns, values, cells, strict=True)
            ]
        yield ReplayRow(row_number, rejected_id, tuple(values))


def _problem(correction: Correction, row: Any, dataset: Dataset, file: CorrectedFile) -> str | None:
    """Return why a row of the file cannot be used, or None if it can.

    A row that an earlier replay has landed is not a problem: it is left out.
    """
    name = f"rejected row {correction.rejected_id}"
    if row is None:
        return f"there is no {name}"
    if row.dataset != dataset.name:
        return f"{name} is of {row.dataset}, not of {dataset.name}"
    if row.table_name != file.table.name:
        return f"{name} is of table {row.table_name}, not of {file.table.name}"
    if not row.has_content and row.replayed_in is None:
        return f"{name} was refused because of its marking, so there is no content to correct"
    return None


def _rows(
    connection: psycopg.Connection,
    condition: str,
    dataset: Dataset,
    force_code: str,
    ids: list[int] | None = None,
) -> list[Any]:
    values: dict[str, Any] = {"dataset": dataset.name, "force": force_code, "ids": ids}
    query = f"""
        select r.rejected_id, r.dataset, r.table_name, r.content is not null as has_content,
            coalesce(r.content ? 'cells', false) as is_unsplit, r.replayed_in,
            b.batch_id, b.delivered_for, b.source_place, b.kept_as
        from audit.rejected_row as r inner join audit.batch as b on r.batch_id = b.batch_id
        where b.force_code = %(force)s and {condition}
        order by b.delivered_for, b.batch_id, r.table_name, r.rejected_id
    """  # noqa: S608 - conditions of this module
    return named_rows(connection, query.encode(), values)


def _by_delivery(dataset: Dataset, rows: list[Any]) -> list[RejectedRows]:
    """Group rows by delivery and table. The groups are in the order of the given rows."""
    tables = {table.name: table for table in dataset.tables}
    groups: dict[tuple[int, str], list[Any]] = {}
    for row in rows:
        if row.table_name in tables:
            groups.setdefault((row.batch_id, row.table_name), []).append(row)
    return [
        RejectedRows(
            *(group[0].batch_id, group[0].delivered_for, group[0].source_place, group[0].kept_as),
            table=tables[name],
            rejected_ids=tuple(row.rejected_id for row in group),
        )
        for (_, name), group in groups.items()
    ]


@contextmanager
def on_record(
    connection: psycopg.Connection,
    settings: Settings,
    dataset: Dataset,
    attempt: Attempt,
    report: ReplayReport,
) -> Iterator[None]:
    """Record in `audit.replay` who starts a replay and why and, afterwards, how it ended."""
    replay_id = one_value(
        connection,
        """
        insert into audit.replay (run_id, force_code, dataset, who, because, corrected_in)
        values (%s, %s, %s, 'login ' || session_user || ', claimed account ' || %s, %s, %s)
        returning replay_id
        """,
        (
            attempt.run_id,
            settings.force_code,
            dataset.name,
            attempt.who,
            attempt.because,
            attempt.file.name if attempt.file else None,
        ),
    )
    failure: str | None = None
    try:
        with errors_in_one_line(settings, dataset):
            yield
    except AssuranceError as error:
        failure = error.message
        raise
    except BaseException:
        # Somebody pressed Ctrl-C. The file of the batch that is rolled back can be left in the
        # archive. The next attempt looks for such files only if an earlier one has not succeeded.
        failure = f"{dataset.name}: it was stopped."
        raise
    finally:
        if not connection.broken:
            connection.execute("set synchronous_commit = on")
            connection.execute(
                """
                update audit.replay
                set finished_at = clock_timestamp(), outcome = %s, reason = %s, batches = %s,
                    rows_landed = %s, rows_broken = %s
                where replay_id = %s
                """,
                (
                    "failed" if failure else "succeeded",
                    failure,
                    sum(delivery.batch_id is not None for delivery in report.deliveries),
                    report.landed,
                    len(report.still_rejected),
                    replay_id,
                ),
            )
