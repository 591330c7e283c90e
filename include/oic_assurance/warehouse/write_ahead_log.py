"""Clear the embedded server's write-ahead log of everything that was written before now.

Each change of a row is also in the log. The server does not delete old log files. It renames them
and overwrites them later. So recycling is switched off for a moment, the server is moved past the
files that wait for reuse, and two checkpoints delete the old files.
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
    """Remove everything from the embedded server's write-ahead log that was written before now.

    Raises:
        ServerError: The server does not allow it, or does not take the changed setting.
    """
    try:
        with psycopg.connect(admin_url(settings), autocommit=True) as server:
            try:
                _set_recycling(server, on=False)
                _pass_through(server)
                # The server keeps the log since the previous checkpoint, so two are needed.
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
    """Move the server past the log files that wait for reuse with old content."""
    for _ in range(one_value(server, _WAITING.encode()) + 1):
        # The server switches to the next file only after something has been written.
        server.execute("select pg_current_xact_id()")
        server.execute("select pg_switch_wal()")
