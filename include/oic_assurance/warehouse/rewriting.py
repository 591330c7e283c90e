"""Rewrite tables into new files, so that nothing remains of deleted rows or earlier values."""

import time
from collections.abc import Iterable
from contextlib import suppress

import psycopg
from psycopg import sql

from oic_assurance.settings import Settings
from oic_assurance.warehouse.airflow_uri import find_connection_uri
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.write_ahead_log import clear_log

#: How long one attempt waits for readers of a table. Meanwhile new readers wait behind the attempt.
LOCK_PATIENCE = "300ms"
#: How long to keep retrying, over all tables.
PATIENCE_SECONDS = 60.0
#: From this server version on, a login can clear the planner's samples of column values. The
#: samples of a table stay when the table becomes empty, so they could contain erased values.
CLEARS_SAMPLES_SINCE = 180_000
_SAMPLED = """
select c.oid
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relkind in ('r', 'p', 'm')
"""
_CLEAR_SAMPLES = """
select pg_clear_attribute_stats(n.nspname, c.relname, a.attname, kind.is_inherited)
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
inner join pg_catalog.pg_attribute as a on c.oid = a.attrelid
cross join (values (true), (false)) as kind (is_inherited)
where c.oid = %s and a.attnum > 0 and not a.attisdropped
"""


def leave_no_trace(settings: Settings, tables: Iterable[str]) -> str | None:
    """Remove what is left in the server's files of deleted rows and earlier values of tables.

    As the warehouse's owner, write each table into a new file. The tables are given as in
    "schema.table". Then forget the planner's samples and, on the embedded server, clear the
    write-ahead log.

    Returns None if nothing is left. If readers used a table for too long, returns a phrase that
    names the table.

    Raises:
        ServerError: The write-ahead log cannot be cleared.
    """
    waits_for: str | None = None
    deadline = time.monotonic() + PATIENCE_SECONDS
    with connect(settings, autocommit=True) as connection:
        connection.execute("select set_config('lock_timeout', %s, false)", (LOCK_PATIENCE,))
        for table in tables:
            while held_by := _rewrite(connection, table):
                if time.monotonic() > deadline:
                    waits_for = waits_for or held_by
                    break
        # Readers hold up none of this, but the server may be tidying a table itself.
        connection.execute("select set_config('lock_timeout', '60s', false)")
        _forget_samples(connection)
    if find_connection_uri("warehouse") is None:
        clear_log(settings)
    return waits_for


def _rewrite(connection: psycopg.Connection, table: str) -> str | None:
    try:
        name = sql.Identifier(*table.split("."))
        connection.execute(sql.SQL("vacuum (full) {}").format(name))
    except psycopg.errors.LockNotAvailable as error:
        return f"readers of {table} ({reason(error)})"
    return None


def _forget_samples(connection: psycopg.Connection) -> None:
    """Replace the planner's samples of column values with samples of the present values."""
    if connection.info.server_version >= CLEARS_SAMPLES_SINCE:
        # Each table is locked by itself. A transaction that kept the locks of several tables could
        # deadlock with a build, which locks the tables that its foreign keys refer to. A build may
        # also drop the table meanwhile.
        for table in connection.execute(_SAMPLED).fetchall():
            with suppress(psycopg.errors.UndefinedTable):
                connection.execute(_CLEAR_SAMPLES, table)
    connection.execute("analyze")
    connection.execute("vacuum (full) pg_catalog.pg_statistic")
