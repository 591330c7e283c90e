"""Read the change counts of a PostgreSQL server: how many rows of a table have changed.

If the counts match the changed rows that an extract has read, no key has vanished. In that case the
server need not compute the sum over all keys of a large table.

A change appears in the server's counts some seconds after its commit. If a change is not counted
yet, the next extraction finds it.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from oic_assurance.sources.declarations.model import DatabasePlace
from oic_assurance.warehouse.rows import find_row

#: Change counts are used only for a table with at least this number of rows. For a smaller table, a
#: sum over the keys takes no longer than reading the counts.
MANY_ROWS = 200_000

# The query returns no row if the counts can miss a change: on a standby server, on a server that
# does not count, for views, for tables with row-level security, and for tables with child tables.
# It also returns no row for a table with few rows. The first column identifies a series of counts.
# Its value changes when the table is rewritten or emptied, and when the counts are reset, for
# example after a crash.
_CHANGE_COUNTS = sql.SQL(
    """
    select
        concat_ws(
            ' ', c.oid, c.relfilenode, extract(epoch from d.stats_reset),
            extract(epoch from b.stats_reset)
        ),
        s.n_tup_ins, s.n_tup_upd, s.n_tup_del, now()
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
    inner join pg_catalog.pg_stat_all_tables as s on c.oid = s.relid
    inner join pg_catalog.pg_stat_database as d on d.datname = current_database()
    cross join pg_catalog.pg_stat_bgwriter as b
    where
        n.nspname = %s and c.relname = %s and c.relkind = 'r' and c.reltuples >= %s
        and not c.relhassubclass and not c.relrowsecurity
        and not pg_is_in_recovery() and current_setting('track_counts')::boolean
    """
)


@dataclass(frozen=True)
class ChangeCounts:
    """The change counts of one table at a moment."""

    #: A string that identifies the table and the series of counts. It changes when the counts start
    #: again from zero.
    identity: str
    inserted: int
    updated: int
    deleted: int
    at: datetime

    def since(self, earlier: "ChangeCounts | None") -> tuple[int, int, int] | None:
        """Return how many rows were inserted, updated and deleted since `earlier`.

        None means that the numbers are not known: `earlier` is missing or belongs to another
        series.
        """
        if earlier is None or earlier.identity != self.identity:
            return None
        return (
            self.inserted - earlier.inserted,
            self.updated - earlier.updated,
            self.deleted - earlier.deleted,
        )


def read_change_counts(connection: psycopg.Connection, place: DatabasePlace) -> ChangeCounts | None:
    """Return the server's change counts for a table.

    The result is None if the counts are not reliable, or if the table has fewer than `MANY_ROWS`
    rows.

    The counts are read in a transaction before the snapshot. So the snapshot shows every counted
    change.
    """
    row = find_row(connection, _CHANGE_COUNTS, (place.schema, place.table, MANY_ROWS))
    connection.rollback()
    return ChangeCounts(*row) if row else None
