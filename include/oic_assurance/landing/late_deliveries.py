"""What deliveries of files said, read again from what was kept of them.

A delivery that repeats what is known adds nothing to raw, so whether it named a record stands only
in its kept content. What it said is its rows without those that were rejected, and with those of
them that were replayed since.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.sql import SQL

from oic_assurance.batches.archived import archived_batches, numbered_around, open_archived
from oic_assurance.errors import DeliveryRefused
from oic_assurance.landing import checks
from oic_assurance.landing.load import TableLoader
from oic_assurance.landing.replayed_rows import ReplayRows
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.sources.files.tabular import read_tables


@dataclass(frozen=True)
class Said:
    """One delivery that was landed, and where its content is kept."""

    batch_id: int
    delivered_for: datetime
    kept_as: str | None


class LaterDeliveries:
    """Reads again what was said of the records of one table."""

    def __init__(self, settings: Settings, loader: TableLoader) -> None:
        self._settings = settings
        self._loader = loader
        self._connection: psycopg.Connection = loader.connection
        self._dataset: Dataset = loader.dataset
        self._table: Table = loader.table

    def after(self, at: datetime, batch_id: int | None = None) -> list[Said]:
        """Return the deliveries for later moments, in the order in which their word is asked.

        With `batch_id` also those for the same moment that were landed after that batch. Of one
        moment the delivery that was landed last speaks first.
        """
        rows = self._connection.execute(
            """
            select batch_id, delivered_for, kept_as
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
                "at": at,
                "batch": batch_id,
            },
        ).fetchall()
        return [Said(*row) for row in rows]

    def stage(self, said: Said) -> bool:
        """Stage what a delivery said of the table; False when it can no longer be read.

        It cannot when nothing of it is kept, or when the declaration has changed since.
        """
        if said.kept_as is None:
            return False
        try:
            with open_archived(self._settings, said.kept_as) as content:
                reading = next(
                    reading
                    for reading in read_tables(content, self._dataset)
                    if reading.table.name == self._table.name
                )
                self._loader.stage(numbered_around(reading.rows, self._gaps(said.batch_id)))
        except DeliveryRefused:
            return False
        self._connection.execute(
            SQL(
                "delete from {} as s using audit.rejected_row as r where r.batch_id = %s"
                " and r.table_name = %s and r.row_number = s.row_number"
            ).format(checks.stage(self._table)),
            (said.batch_id, self._table.name),
        )
        self._stage_replays(said.batch_id)
        return True

    def spoken_of(self, said: Said, keys: set[str]) -> set[str]:
        """Return those of the keys that a delivery says something of.

        A full delivery says of each record that it is there or gone, but nothing of one whose row
        was rejected.
        """
        if self._dataset.delivery == "full":
            rows = self._connection.execute(
                """
                select row_key from audit.rejected_row
                where
                    batch_id = %s and table_name = %s and row_key = any(%s)
                    and not reasons @> array[%s] and replayed_key is distinct from row_key
                """,
                (said.batch_id, self._table.name, list(keys), checks.OTHER_ROW_LANDED),
            ).fetchall()
            return keys - {key for (key,) in rows}
        self._loader.clear()
        if not self.stage(said):
            return set()
        self._loader.check()
        named = SQL("select row_key from {} where row_key = any(%s) and cardinality(reasons) = 0")
        rows = self._connection.execute(
            named.format(checks.checked(self._table)), (list(keys),)
        ).fetchall()
        self._loader.clear()
        return {key for (key,) in rows}

    def apply(self, batch_id: int, later: list[Said], keys: set[str]) -> None:
        """Apply later deliveries of changes, in their order, to keys that a late batch has changed.

        Each key takes its version from the first later delivery that names it. `keys` come from
        `TableLoader.keys_changed_late`.
        """
        for said in later:
            if not keys:
                return
            self._loader.clear()
            if not self.stage(said):
                continue
            self._loader.check()
            keys = self._loader.apply_later_delivery(batch_id, said.delivered_for, keys)

    def _gaps(self, batch_id: int) -> set[int]:
        """Return the places that are gaps since rows were erased: quarantine counts them still."""
        force = self._settings.force_code
        [batch] = archived_batches(self._connection, force, self._dataset.name, batch_id)
        return batch.gaps_of(self._table.name)

    def _stage_replays(self, batch_id: int) -> None:
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
        for replay, kept_as in replays:
            rows.clear()
            with open_archived(self._settings, kept_as) as content:
                rows.take_kept(content, kept_as)
            rows.stage(landed_in=replay)
        rows.clear()
