"""Remove old content from the embedded server's write-ahead log, so that an erasure is complete.

The write-ahead log contains each changed row, so it can contain erased rows. The server does not
delete old log files: it renames them and overwrites them later (recycling). So this module:

1. switches recycling off,
2. makes the server switch to the next log file until no recycled file with old content is left,
3. runs two checkpoints, which delete the old log files,
4. switches recycling on again.
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
        ServerError: A statement fails, or the server does not apply the changed setting.
    """
    try:
        with psycopg.connect(admin_url(settings), autocommit=True) as server:
            try:
                _set_recycling(server, on=False)
                _pass_through(server)
                # A checkpoint keeps the log since the previous checkpoint. So only the second of
                # these two checkpoints deletes the log up to now.
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
            raise ServerError("The server does not apply a changed setting: start it again.")
        time.sleep(0.05)


def _pass_through(server: psycopg.Connection) -> None:
    """Make the server use up all recycled log files, which still contain old content.

    The server switches to the next log file once for each recycled file, and once more.
    """
    for _ in range(one_value(server, _WAITING.encode()) + 1):
        # Without a new transaction there is nothing to log, and the server would not switch.
        server.execute("select pg_current_xact_id()")
        server.execute("select pg_switch_wal()")
