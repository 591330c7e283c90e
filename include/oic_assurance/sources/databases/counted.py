"""What a PostgreSQL server itself counts of the changes to a table.

Where its counts say that nothing happened but what the rows read explain, the keys of a large table
need not be added up to know that none has vanished. A count reaches the server's statistics some
seconds after its commit, so what it hides is found the next time: nothing takes it back.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from oic_assurance.sources.declarations.model import DatabasePlace

#: Below it, to add up the keys takes no longer than to ask.
MANY_ROWS = 200_000

# A standby counts nothing, and neither does a view. A policy, or a child that comes or goes,
# changes what is seen without a count. A table that was rewritten or emptied, or counts that began
# anew (as after a crash), are another table here.
_COUNTED = sql.SQL(
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
class Counted:
    """The counts of one table at a moment; `of` is another text when they begin anew."""

    of: str
    inserted: int
    updated: int
    deleted: int
    at: datetime

    def since(self, earlier: "Counted | None") -> tuple[int, int, int] | None:
        """Return how many rows were inserted, updated and deleted since, where that is known."""
        if earlier is None or earlier.of != self.of:
            return None
        return (
            self.inserted - earlier.inserted,
            self.updated - earlier.updated,
            self.deleted - earlier.deleted,
        )


def counted_changes(connection: psycopg.Connection, place: DatabasePlace) -> Counted | None:
    """Return what the server has counted of a table, None where that cannot be relied upon.

    It is read in a transaction of its own: a snapshot taken afterwards shows all that was counted.
    """
    row = connection.execute(_COUNTED, (place.schema, place.table, MANY_ROWS)).fetchone()
    connection.rollback()
    return Counted(*row) if row else None
