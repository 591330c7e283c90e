"""Find landed records whose marking has risen above the ceiling of their dataset.

A source lists such a record with a marking that the declaration does not admit, so the new row is
not read. But raw, quarantine and the archive still contain the earlier versions. Landing only
records the recall of these records. From that moment, no build reads them. Afterwards the modules
in `operations/recall` withdraw the records from readers and erase them.
"""

from collections.abc import Sequence

import psycopg
from psycopg.sql import SQL, Composable, Identifier
from psycopg.types.json import Jsonb

from oic_assurance.landing.raw_tables import raw_name
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.warehouse.rows import one_value


class Recalls:
    """The recalls of one database table. The connection holds the lock of the dataset."""

    def __init__(self, connection: psycopg.Connection, dataset: Dataset, force_code: str) -> None:
        self._connection = connection
        self._dataset = dataset
        self._table: Table = dataset.tables[0]
        self._marking = dataset.database.marking
        self._force = force_code

    def are_possible(self) -> bool:
        """Tell whether the dataset has a ceiling of markings."""
        return self._marking is not None

    def are_open(self) -> bool:
        """Tell whether a recalled record has not been erased yet."""
        return bool(
            one_value(
                self._connection,
                "select exists (select from audit.recalled_record"
                " where force_code = %(force)s and dataset = %(dataset)s)",
                self._values(),
            )
        )

    def record(self, refused: Sequence[str], run_id: str) -> int:
        """Record a recall of the landed records that the source lists with a refused marking.

        `refused` contains the keys of all source rows with a refused marking.

        Return how many records are newly recalled.
        """
        found = self._held(refused)
        if not found:
            return 0
        values = self._values()
        recall_id = one_value(
            self._connection,
            """
            insert into audit.recall (force_code, dataset, table_name, run_id, records)
            values (%(force)s, %(dataset)s, %(table)s, %(run)s, %(records)s)
            returning recall_id
            """,
            {**values, "run": run_id, "records": len(found)},
        )
        with self._connection.cursor() as cursor:
            cursor.executemany(
                """
                insert into audit.recalled_record
                    (recall_id, force_code, dataset, table_name, row_key, names)
                values (%(recall)s, %(force)s, %(dataset)s, %(table)s, %(key)s, %(names)s)
                """,
                [
                    {**values, "recall": recall_id, "key": key, "names": Jsonb(names)}
                    for key, names in found
                ],
            )
        return len(found)

    def without(self, refused: Sequence[str]) -> list[str]:
        """Return the recalled records that the source does not list with a refused marking."""
        rows = self._connection.execute(
            """
            select distinct row_key from audit.recalled_record
            where
                force_code = %(force)s and dataset = %(dataset)s and table_name = %(table)s
                and row_key <> all(%(refused)s)
            """,
            {**self._values(), "refused": list(refused)},
        ).fetchall()
        return [key for (key,) in rows]

    def end(self, lowered: Sequence[str]) -> None:
        """End the recall of records that the source now lists with an admitted marking."""
        self._connection.execute(
            """
            delete from audit.recalled_record
            where
                force_code = %(force)s and dataset = %(dataset)s and table_name = %(table)s
                and row_key = any(%(lowered)s)
            """,
            {**self._values(), "lowered": list(lowered)},
        )
        self._connection.execute(
            """
            update audit.recall as r set ended_at = clock_timestamp(), outcome = 'lowered'
            where
                r.force_code = %(force)s and r.dataset = %(dataset)s and r.ended_at is null
                and not exists (
                    select from audit.recalled_record as k where k.recall_id = r.recall_id
                )
            """,
            self._values(),
        )

    def _values(self) -> dict[str, str]:
        return {
            "force": self._force,
            "dataset": self._dataset.name,
            "table": self._table.name,
        }

    def _held(self, refused: Sequence[str]) -> list[tuple[str, list[str]]]:
        """Return those of the keys `refused` that have content in raw or quarantine.

        Each key comes with the names of its record in the marts. Records that are already recalled
        are left out.
        """
        name: Composable = SQL("null::text")
        if self._marking is not None and self._marking.reference is not None:
            name = SQL("r.{}::text").format(Identifier(self._marking.reference))
        return self._connection.execute(
            SQL(
                """
                select held.row_key, array_remove(array_agg(distinct held.name), null)
                from (
                    select r.row_key, {name} as name
                    from {raw} as r
                    where r.force_code = %(force)s and r.row_key = any(%(refused)s)
                    union all
                    select q.row_key, null
                    from audit.rejected_row as q inner join audit.batch as b using (batch_id)
                    where
                        b.force_code = %(force)s and q.dataset = %(dataset)s
                        and q.table_name = %(table)s and q.content is not null
                        and q.row_key = any(%(refused)s)
                ) as held
                where not exists (
                    select from audit.recalled_record as known
                    where
                        known.force_code = %(force)s and known.dataset = %(dataset)s
                        and known.table_name = %(table)s and known.row_key = held.row_key
                )
                group by held.row_key
                order by held.row_key
                """
            ).format(name=name, raw=raw_name(self._dataset, self._table)),
            {**self._values(), "refused": list(refused)},
        ).fetchall()
