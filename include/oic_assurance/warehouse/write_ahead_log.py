"""The embedded server's write-ahead log: cleared of what was written before.

Each change of a row stands in the log too, and the server does not delete its old files but gives
them new names and writes over them when their turn comes. So for a moment it is told to delete,
the files that wait for their turn are passed through, and a checkpoint does the rest.
"""

import time

import psycopg
from psycopg import sql

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import admin_url, reason
from oic_assurance.warehouse.rows import one_value

PATIENCE_SECONDS = 30.0
_WAITING = """
select count(*) from pg_ls_waldir()
where name ~ '^[0-9A-F]{24}$' and name > pg_walfile_name(pg_current_wal_insert_lsn())
"""


def clear_log(settings: Settings) -> None:
    """Leave nothing in the embedded server's write-ahead log that was written before now."""
    try:
        with psycopg.connect(admin_url(settings), autocommit=True) as server:
            try:
                _set_recycling(server, on=False)
                _pass_through(server)
                # What a checkpoint leaves, the next one takes: the log is only kept since the last.
                server.execute("checkpoint")
                server.execute("checkpoint")
            finally:
                if not server.broken:
                    _set_recycling(server, on=True)
    except psycopg.Error as error:
        raise ServerError(f"The write-ahead log cannot be cleared: {reason(error)}.") from error


def _set_recycling(server: psycopg.Connection, *, on: bool) -> None:
    statement = "alter system reset wal_recycle" if on else "alter system set wal_recycle = off"
    server.execute(sql.SQL(statement))
    server.execute("select pg_reload_conf()")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while one_value(server, "show wal_recycle") != ("on" if on else "off"):
        if time.monotonic() > deadline:
            raise ServerError("The server does not take a changed setting: start it again.")
        time.sleep(0.05)


def _pass_through(server: psycopg.Connection) -> None:
    """Move on in the log past the files that wait for their turn with old content."""
    for _ in range(one_value(server, _WAITING.encode()) + 1):
        # There is nothing to move on from until something was written.
        server.execute("select pg_current_xact_id()")
        server.execute("select pg_switch_wal()")
