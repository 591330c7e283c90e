"""Read the counts that a PostgreSQL server keeps of the changes to a table.

If the counts match the rows that were read, no key has vanished, and the keys of a large table need
not be added up. A count reaches the server's statistics some seconds after the commit. A change
that is not counted yet is found by the next extraction.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from oic_assurance.sources.declarations.model import DatabasePlace
from oic_assurance.warehouse.rows import find_row

#: In a smaller table, adding up the keys takes no longer than reading the counts.
MANY_ROWS = 200_000

# Not used where the counts can miss a change: on a standby, for views, with row-level security, and
# for tables with children. The first column changes when the table was rewritten or emptied, and
# when the counts were reset, for example after a crash.
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
    """The counts of one table at a moment."""

    #: Identifies the table and the series of counts. It changes when the counts start again.
    identity: str
    inserted: int
    updated: int
    deleted: int
    at: datetime

    def since(self, earlier: "ChangeCounts | None") -> tuple[int, int, int] | None:
        """Return the rows inserted, updated and deleted since `earlier`, or None if not known."""
        if earlier is None or earlier.identity != self.identity:
            return None
        return (
            self.inserted - earlier.inserted,
            self.updated - earlier.updated,
            self.deleted - earlier.deleted,
        )


def read_change_counts(connection: psycopg.Connection, place: DatabasePlace) -> ChangeCounts | None:
    """Return the server's counts for a table, or None if they are not reliable.

    They are read in a separate transaction, so a later snapshot shows every change that is counted.
    """
    row = find_row(connection, _CHANGE_COUNTS, (place.schema, place.table, MANY_ROWS))
    connection.rollback()
    return ChangeCounts(*row) if row else None
