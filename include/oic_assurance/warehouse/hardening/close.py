"""Run and list the statements that harden the server, and check whether any are still needed."""

import contextlib
import logging
from collections.abc import Callable, Iterable
from importlib import resources
from typing import NamedTuple

import psycopg
from psycopg import sql

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings, accepts_open_server
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.locks import MIGRATIONS, held
from oic_assurance.warehouse.roles import as_login, is_administrator
from oic_assurance.warehouse.rows import find_row, one_value, relation_exists

LOG = logging.getLogger(__name__)
#: Each file has one query. It returns the statements that are still needed, one for each row.
FILES = ("catalogues.sql", "limits.sql", "log.sql", "sessions.sql")
#: These read what a migration creates.
AFTER_MIGRATIONS = ("limits.sql", "sessions.sql")
#: How the statements begin that only set something, for a login or for the warehouse's database.
SETTINGS = ("alter role ", "alter database ", "revoke all on parameter ")


class Needed(NamedTuple):
    """A statement that is still needed."""

    statement: str
    #: The login that it sets back, if somebody has altered that login, or "" for the database, and
    #: what was altered. Words and values that a reader can choose at will are not in it.
    login: str | None
    altered: str | None


#: Is called with an altered login, or "" for the database, and what was altered, before it is set
#: back.
Tell = Callable[[str, list[str]], None]


def close(connection: psycopg.Connection, tell: Tell = lambda *_: None) -> None:
    """Harden the warehouse's server and set altered logins back, or check that this is done.

    `connection` is from `connect_to_migrate`.

    Raises:
        ServerError: Statements are still needed, and only an administrator of the server can run
            them.
    """
    if not needed_statements(connection):
        return
    # One process at a time changes the catalogues.
    with held(connection, MIGRATIONS):
        if is_administrator(connection):
            _run(connection, tell)
            return
        # If an administrator has run the statements before, the owner may grant the rights. So the
        # owner can run the statements for roles that later migrations have created. With what the
        # sessions in its database begin, the owner can set on every server.
        for file in FILES:
            with contextlib.suppress(ServerError):
                _run(connection, tell, [file])
    left = needed_statements(connection)
    # If only settings are missing, they are of a login that was created or altered since the server
    # was hardened, of the log of what is read, or of sessions. That must not stop the start.
    if accepts_open_server() or all(one.statement.startswith(SETTINGS) for one in left):
        if left:
            LOG.warning(
                "%d statements are still needed to harden the server: ask an administrator to run "
                "what `assurance db hardening-sql` prints.",
                len(left),
            )
        return
    raise ServerError(
        "The server gives every login what readers must not have (statistics, catalogues, large "
        "objects, advisory locks) or sets no limits for readers: ask an administrator of the "
        "server to run what `assurance db hardening-sql` prints, "
        f"in the database '{connection.info.dbname}'."
    )


def serve_new_roles(connection: psycopg.Connection) -> None:
    """Give the pipeline's roles their rights on a server that was hardened before they existed.

    Migrations run as these roles too, and need what a hardened server gives only to them. On a
    server that is not hardened, this does nothing: it is hardened after the migrations. If the
    session may not grant the rights, the migration that needs them says so.
    """
    if one_value(connection, "select has_table_privilege('public', 'pg_roles', 'SELECT')"):
        return
    with held(connection, MIGRATIONS), contextlib.suppress(ServerError):
        _run(connection, with_settings=False)


def hardening_sql(settings: Settings) -> str:
    """Return a psql script with the statements that an administrator must still run.

    If the server is hardened, the script contains no such statement.

    Raises:
        ServerError: The warehouse cannot be reached.
    """
    with connect(settings, autocommit=True) as connection:
        statements = [one.statement for one in needed_statements(connection)]
        database = sql.Identifier(connection.info.dbname).as_string(connection)
    lines = [f"\\connect {database}", "begin;", "set local search_path = pg_catalog;"]
    return "\n".join([*lines, *statements, "commit;", ""])


def needed_statements(connection: psycopg.Connection, files: Iterable[str] = FILES) -> list[Needed]:
    """Return the statements that are still needed to harden the server.

    `connection` must be a session of the warehouse's owner or of a superuser.
    """
    is_migrated = relation_exists(connection, "limits.setting")
    return [
        Needed(*row)
        for file in files
        if is_migrated or file not in AFTER_MIGRATIONS
        for row in connection.execute(_query(file).encode()).fetchall()
    ]


def altered_logins(needed: list[Needed]) -> dict[str, list[str]]:
    """Return the logins that somebody has altered ("" is the database), with what was altered."""
    found: dict[str, list[str]] = {}
    for one in needed:
        if one.login is not None and one.altered is not None:
            found.setdefault(one.login, []).append(one.altered)
    return found


def logs_plans(connection: psycopg.Connection) -> bool:
    """Tell whether the server has loaded the module that logs plans (`log.sql`)."""
    query = "select from pg_catalog.pg_settings where name = 'auto_explain.log_min_duration'"
    return find_row(connection, query) is not None


def _run(
    connection: psycopg.Connection,
    tell: Tell = lambda *_: None,
    files: Iterable[str] = FILES,
    *,
    with_settings: bool = True,
) -> None:
    """Run the statements that are still needed, in one transaction, as the session's own login.

    Raises:
        ServerError: The server refuses a statement.
    """
    try:
        with as_login(connection):
            connection.execute("set local search_path = pg_catalog")
            needed = [
                one
                for one in needed_statements(connection, files)
                if with_settings or not one.statement.startswith(SETTINGS)
            ]
            for one in needed:
                # The statements contain names from the server's catalogue, which the server quoted.
                connection.execute(one.statement.encode())
            # If the process is killed now, the next start finds and tells the same again.
            for login, altered in altered_logins(needed).items():
                tell(login, altered)
            # A migration may follow in the same transaction.
            connection.execute("reset search_path")
    except psycopg.Error as error:
        raise ServerError(f"The server's catalogues cannot be closed: {reason(error)}.") from error


def _query(file: str) -> str:
    place = resources.files("oic_assurance.warehouse.hardening").joinpath(file)
    return place.read_text(encoding="utf-8")
