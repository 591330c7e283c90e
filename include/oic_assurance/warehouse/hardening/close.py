"""Run, list and check the statements that close what a server gives to everybody."""

import contextlib
import logging
from importlib import resources

import psycopg
from psycopg import sql

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings, accepts_open_server
from oic_assurance.warehouse.cluster import SUPERUSER, password_name
from oic_assurance.warehouse.connections import admin_url, connect, reason
from oic_assurance.warehouse.embedded import HOST, is_running, server_port
from oic_assurance.warehouse.locks import MIGRATIONS, held
from oic_assurance.warehouse.rows import one_value, relation_exists
from oic_assurance.warehouse.secrets import find_secret

LOG = logging.getLogger(__name__)
#: Each file has one query. It returns the statements that are still needed, one for each row.
FILES = ("catalogues.sql", "limits.sql")


def close(settings: Settings, connection: psycopg.Connection) -> None:
    """Close what the server of the warehouse gives to everybody, or check that it is closed.

    `connection` is one of the owner of the warehouse, in autocommit mode.

    Raises:
        ServerError: Something is open, and only an administrator of the server can close it.
    """
    if not needed_statements(connection):
        return
    # One process at a time changes the catalogues.
    with held(connection, MIGRATIONS):
        if one_value(connection, "show is_superuser") == "on":
            _run(connection)
            return
        if _is_embedded(settings, connection):
            database = connection.info.dbname
            with psycopg.connect(admin_url(settings, database), autocommit=True) as administrator:
                _run(administrator)
            return
        # After an administrator has run the statements once, the owner may pass the rights on to
        # the roles of later migrations.
        with contextlib.suppress(ServerError):
            _run(connection)
    left = needed_statements(connection)
    # A login that an administrator has made since must not stop the next run.
    without_limits = [statement for statement in left if statement.startswith("alter role ")]
    if accepts_open_server() or left == without_limits:
        if left:
            LOG.warning(
                "%d statements are still needed to harden the server: let an administrator run "
                "what `assurance db hardening-sql` prints.",
                len(left),
            )
        return
    raise ServerError(
        "The server gives every login what readers must not have (statistics, catalogues, large "
        "objects, advisory locks) or sets readers no limits: let an administrator of the server "
        "run what `assurance db hardening-sql` prints, "
        f"in the database '{connection.info.dbname}'."
    )


def hardening_sql(settings: Settings) -> str:
    """Return, as a script for psql, the statements that an administrator must still run.

    The script has no statement if nothing is open.

    Raises:
        ServerError: The warehouse cannot be reached.
    """
    with connect(settings, autocommit=True) as connection:
        statements = needed_statements(connection)
        database = sql.Identifier(connection.info.dbname).as_string(connection)
    lines = [f"\\connect {database}", "begin;", "set local search_path = pg_catalog;"]
    return "\n".join([*lines, *statements, "commit;", ""])


def needed_statements(connection: psycopg.Connection) -> list[str]:
    """Return the statements that are still needed to close what the server gives to everybody.

    `connection` must be of the owner of the warehouse or of a superuser.
    """
    # What readers are limited to is in a table of the warehouse.
    is_migrated = relation_exists(connection, "limits.setting")
    return [
        statement
        for file in FILES
        if is_migrated or file != "limits.sql"
        for (statement,) in connection.execute(_query(file).encode()).fetchall()
    ]


def _run(administrator: psycopg.Connection) -> None:
    """Run the statements that are still needed, in one transaction.

    Raises:
        ServerError: The server refuses a statement.
    """
    try:
        with administrator.transaction():
            administrator.execute("set local search_path = pg_catalog")
            for statement in needed_statements(administrator):
                # The statements are made of names in the server's catalogue, quoted by it.
                administrator.execute(statement.encode())
    except psycopg.Error as error:
        raise ServerError(f"The server's catalogues cannot be closed: {reason(error)}.") from error


def _is_embedded(settings: Settings, connection: psycopg.Connection) -> bool:
    """Tell whether a connection is to the embedded server of the state folder."""
    return (
        connection.info.host in (HOST, "localhost")
        and is_running(settings)
        and connection.info.port == server_port(settings)
        and find_secret(settings, password_name(SUPERUSER)) is not None
    )


def _query(file: str) -> str:
    place = resources.files("oic_assurance.warehouse.hardening").joinpath(file)
    return place.read_text(encoding="utf-8")
