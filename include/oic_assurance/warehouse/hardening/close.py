"""Run and list the statements that harden the server, and check whether any are still needed."""

import contextlib
import logging
from importlib import resources

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
FILES = ("catalogues.sql", "limits.sql", "log.sql")

# The readers' logins that have been given their limits. No login can take this limit from itself.
_LIMITED = """
select quote_ident(rolname)
from pg_catalog.pg_roles
where exists (select from unnest(rolconfig) as own where starts_with(own, 'temp_file_limit='))
"""
#: How the statements begin that only set something, for a login or for the warehouse's database.
SETTINGS = ("alter role ", "alter database ", "revoke all on parameter ")


def close(connection: psycopg.Connection) -> None:
    """Harden the warehouse's server, or check that it is hardened.

    `connection` is from `connect_to_migrate`.

    Raises:
        ServerError: Statements are still needed, and only an administrator of the server can run
            them.
    """
    needed = needed_statements(connection)
    if not needed:
        return
    for statement in altered_logins(connection, needed):
        LOG.warning("A login was not as it is declared, so the start runs: %s", statement)
    # One process at a time changes the catalogues.
    with held(connection, MIGRATIONS):
        if is_administrator(connection):
            _run(connection)
            return
        # If an administrator has run the statements before, the owner may grant the rights. So the
        # owner can run the statements for roles that later migrations have created.
        with contextlib.suppress(ServerError):
            _run(connection)
    left = needed_statements(connection)
    # If only settings are missing, they are of a login that was created since the server was
    # hardened, or of the log of what is read. That must not stop the start.
    settings = [statement for statement in left if statement.startswith(SETTINGS)]
    if accepts_open_server() or left == settings:
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
        _run(connection)


def hardening_sql(settings: Settings) -> str:
    """Return a psql script with the statements that an administrator must still run.

    If the server is hardened, the script contains no such statement.

    Raises:
        ServerError: The warehouse cannot be reached.
    """
    with connect(settings, autocommit=True) as connection:
        statements = needed_statements(connection)
        database = sql.Identifier(connection.info.dbname).as_string(connection)
    lines = [f"\\connect {database}", "begin;", "set local search_path = pg_catalog;"]
    return "\n".join([*lines, *statements, "commit;", ""])


def needed_statements(connection: psycopg.Connection) -> list[str]:
    """Return the statements that are still needed to harden the server.

    `connection` must be a session of the warehouse's owner or of a superuser.
    """
    # The file limits.sql reads tables that a migration creates.
    is_migrated = relation_exists(connection, "limits.setting")
    return [
        statement
        for file in FILES
        if is_migrated or file != "limits.sql"
        for (statement,) in connection.execute(_query(file).encode()).fetchall()
    ]


def altered_logins(connection: psycopg.Connection, statements: list[str]) -> list[str]:
    """Return those statements that set again what a reader's login has altered of itself.

    A login that has not been given its limits yet is new.
    """
    found = connection.execute(_LIMITED).fetchall()
    beginnings = tuple(f"alter role {name} " for (name,) in found)
    return [one for one in statements if one.startswith(beginnings)]


def logs_plans(connection: psycopg.Connection) -> bool:
    """Tell whether the server has loaded the module that logs plans (`log.sql`)."""
    query = "select from pg_catalog.pg_settings where name = 'auto_explain.log_min_duration'"
    return find_row(connection, query) is not None


def _run(connection: psycopg.Connection) -> None:
    """Run the statements that are still needed, in one transaction, as the session's own login.

    Raises:
        ServerError: The server refuses a statement.
    """
    try:
        with as_login(connection):
            connection.execute("set local search_path = pg_catalog")
            for statement in needed_statements(connection):
                # The statements contain names from the server's catalogue, which the server quoted.
                connection.execute(statement.encode())
            # A migration may follow in the same transaction.
            connection.execute("reset search_path")
    except psycopg.Error as error:
        raise ServerError(f"The server's catalogues cannot be closed: {reason(error)}.") from error


def _query(file: str) -> str:
    place = resources.files("oic_assurance.warehouse.hardening").joinpath(file)
    return place.read_text(encoding="utf-8")
