"""Rewrite tables into new files, so that nothing remains of deleted rows or earlier values."""

import psycopg
from psycopg import sql

from oic_assurance.warehouse.connections import reason

#: From this server version on, a login can clear the planner's samples of column values. The
#: samples of a table stay when the table becomes empty, so they could contain erased values.
CLEARS_SAMPLES_SINCE = 180_000
_CLEAR_SAMPLES = """
select pg_clear_attribute_stats(n.nspname, c.relname, a.attname, kind.is_inherited)
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
inner join pg_catalog.pg_attribute as a on c.oid = a.attrelid
cross join (values (true), (false)) as kind (is_inherited)
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and c.relkind in ('r', 'p', 'm') and a.attnum > 0 and not a.attisdropped
"""


def rewrite_table(connection: psycopg.Connection, schema: str, name: str) -> str | None:
    """Rewrite a table into a new file, as the warehouse's owner.

    Returns None if the table was rewritten. If readers locked the table for longer than the
    session's `lock_timeout`, returns a message that names the table.
    """
    try:
        connection.execute(sql.SQL("vacuum (full) {}").format(sql.Identifier(schema, name)))
    except psycopg.errors.LockNotAvailable as error:
        return f"readers of {schema}.{name} ({reason(error)})"
    return None


def forget_samples(connection: psycopg.Connection) -> None:
    """Replace the planner's samples of column values with samples of the present values."""
    if connection.info.server_version >= CLEARS_SAMPLES_SINCE:
        connection.execute(_CLEAR_SAMPLES.encode())
    connection.execute("analyze")
    connection.execute("vacuum (full) pg_catalog.pg_statistic")
