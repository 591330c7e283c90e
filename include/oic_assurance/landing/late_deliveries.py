"""Read later deliveries of files again from the archive.

A late-arriving delivery changes a record from an earlier moment on. If a delivery for a later
moment lists the same record, the version from that delivery must apply again from that moment on.
If that delivery listed the record unchanged, landing added no row to raw. So only the archive shows
that the delivery listed the record.

The good rows of a later delivery are used, and those of its rejected rows that a replay has landed.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.sql import SQL

from oic_assurance.batches.archive_reader import ArchivedBatch, archived_batches, open_archived
from oic_assurance.batches.normal_form import read_archived
from oic_assurance.errors import DeliveryRefused
from oic_assurance.landing import checks
from oic_assurance.landing.load import TableLoader
from oic_assurance.landing.replayed_rows import ReplayRows
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset, Table


@dataclass(frozen=True)
class LaterDelivery:
    """One landed delivery of a file."""

    batch_id: int
    delivered_for: datetime
    #: The path of the archived file, relative to the state folder. None if nothing was archived.
    archived_as: str | None
    #: Whether the delivery is a full list in which the key of a row could not be read. Such a list
    #: says nothing about the records that it does not name.
    has_unread_keys: bool = False


class LaterDeliveries:
    """Reads the records of one table again from archived deliveries."""

    def __init__(self, settings: Settings, loader: TableLoader) -> None:
        self._settings = settings
        self._loader = loader
        self._connection: psycopg.Connection = loader.connection
        self._dataset: Dataset = loader.dataset
        self._table: Table = loader.table

    def after(self, at: datetime, batch_id: int | None = None) -> list[LaterDelivery]:
        """Return the landed deliveries for moments after `at`, the earliest moment first.

        With `batch_id`, also return the deliveries for the moment `at` itself that were landed
        after that batch. If two deliveries are for the same moment, the one landed last wins and
        comes first.
        """
        rows = self._connection.execute(
            """
            select
                batch_id, delivered_for, kept_as,
                notes -> %(table)s ->> 'rows_without_key' is not null
            from audit.batch
            where
                force_code = %(force)s and dataset = %(dataset)s and kind = 'file'
                and status = 'landed'
                and (
                    delivered_for > %(at)s
                    or (delivered_for = %(at)s and batch_id > %(batch)s)
                )
            order by delivered_for, batch_id desc
            """,
            {
                "force": self._settings.force_code,
                "dataset": self._dataset.name,
                "table": self._table.name,
                "at": at,
                "batch": batch_id,
            },
        ).fetchall()
        return [LaterDelivery(*row) for row in rows]

    def stage(self, delivery: LaterDelivery) -> bool:
        """Stage the rows of the table from a delivery: the good rows and the replayed rows.

        Return False and stage nothing if the delivery can no longer be read: if nothing was
        archived, or if the file does not match the present declaration.

        Raises:
            AssuranceError: The archived file is missing or damaged.
        """
        if delivery.archived_as is None:
            return False
        batch = self._batch(delivery.batch_id)
        try:
            with open_archived(self._settings, delivery.archived_as) as content:
                # Each row has the number that it had at its landing, and so in quarantine.
                readings = read_archived(batch, content, self._dataset)
                found = next(one for one in readings if one.table.name == self._table.name)
                self._loader.take(found, plain=False)
        except DeliveryRefused:
            return False
        self._connection.execute(
            SQL(
                "delete from {} as s using audit.rejected_row as r where r.batch_id = %s"
                " and r.table_name = %s and r.row_number = s.row_number"
            ).format(checks.stage(self._table)),
            (delivery.batch_id, self._table.name),
        )
        self._stage_replays(delivery.batch_id)
        return True

    def covered_keys(self, delivery: LaterDelivery, keys: set[str]) -> set[str]:
        """Return those of `keys` whose state the delivery determines.

        A full delivery determines the state of every record: the record is listed or has vanished.
        The exception is a record of which every row was rejected and none was replayed. A delivery
        of changes determines only the state of the records that it lists, and so does a full
        delivery in which the key of a row could not be read.
        """
        if self._dataset.delivery == "full" and not delivery.has_unread_keys:
            rows = self._connection.execute(
                """
                select row_key from audit.rejected_row
                where
                    batch_id = %s and table_name = %s and row_key = any(%s)
                    and not reasons @> array[%s] and replayed_key is distinct from row_key
                """,
                (delivery.batch_id, self._table.name, list(keys), checks.KEY_LANDED_BY_OTHER_ROW),
            ).fetchall()
            return keys - {key for (key,) in rows}
        self._loader.clear()
        if not self.stage(delivery):
            return set()
        self._loader.check()
        listed = SQL("select row_key from {} where row_key = any(%s) and cardinality(reasons) = 0")
        rows = self._connection.execute(
            listed.format(checks.checked(self._table)), (list(keys),)
        ).fetchall()
        self._loader.clear()
        return {key for (key,) in rows}

    def unnamed(
        self, batch_id: int, at: datetime, later: list[LaterDelivery]
    ) -> list[tuple[int, str]]:
        """Find later full deliveries that say nothing about some of the records of a late batch.

        Each result is a pair: the batch of a later delivery with unreadable keys, and the key of a
        record that this delivery does not name. The staged rows of the late batch are removed.
        """
        silent = [delivery for delivery in later if delivery.has_unread_keys]
        if not silent:
            return []
        keys = self._loader.keys_of_batch(batch_id, at)
        return [
            (delivery.batch_id, key)
            for delivery in silent
            for key in sorted(keys - self.covered_keys(delivery, keys))
        ]

    def apply(self, batch_id: int, later: list[LaterDelivery], keys: set[str]) -> None:
        """Restore the versions from later deliveries of changes.

        The late batch `batch_id` has changed the state of `keys` (`TableLoader.keys_changed_late`
        returns these keys). Each key takes its version from the first delivery in `later` that
        lists it.
        """
        for delivery in later:
            if not keys:
                return
            self._loader.clear()
            if not self.stage(delivery):
                continue
            self._loader.check()
            keys = self._loader.apply_later_delivery(batch_id, delivery.delivered_for, keys)

    def _batch(self, batch_id: int) -> ArchivedBatch:
        force = self._settings.force_code
        [batch] = archived_batches(self._connection, force, self._dataset.name, batch_id)
        return batch

    def _stage_replays(self, batch_id: int) -> None:
        """Stage the rows of a batch that were rejected and that replays have landed.

        The rows are staged with the corrected values with which they were landed.
        """
        replays = self._connection.execute(
            """
            select batch_id, kept_as from audit.batch
            where replay_of = %s and kept_as is not null and notes ->> 'table' = %s
            """,
            (batch_id, self._table.name),
        ).fetchall()
        if not replays:
            return
        rows = ReplayRows(self._loader)
        for replay, archived_as in replays:
            rows.clear()
            with open_archived(self._settings, archived_as) as content:
                rows.load_archived(content)
            rows.stage(landed_in=replay)
        rows.clear()
