"""Make the server log every statement that readers run.

The collector (`operations/audit/collect.py`) makes entries of the log of processing from the
server's log. Readers cannot change the settings that this module makes. On a server whose
administrator is not known, `logins_not_logged` returns the readers whose statements are not logged.
"""

import time

import psycopg
from psycopg import sql

from oic_assurance.warehouse.connections import OFFICE, READERS, SUPERVISOR
from oic_assurance.warehouse.roles import as_login, is_administrator
from oic_assurance.warehouse.rows import one_value

LOGGED = {"log_statement": "all", "log_parameter_max_length": "256"}
ATTEMPTS = 20

# Finds the logins of readers whose statements the server does not log.
_NOT_LOGGED = """
select reader.rolname::text
from pg_catalog.pg_roles as reader
where reader.rolcanlogin
    and not reader.rolsuper
    and (
        reader.rolname::text = any(%(readers)s)
        or exists (
            select
            from pg_catalog.pg_roles as audience
            where audience.rolname::text = any(%(audiences)s)
                and pg_has_role(reader.oid, audience.oid, 'USAGE')
        )
    )
    and (
        not coalesce(reader.rolconfig, '{}') @> %(settings)s::text[]
        -- A login's setting for this database overrides its general setting.
        or exists (
            select
            from pg_catalog.pg_db_role_setting as here, unnest(here.setconfig) as one (setting)
            where here.setrole = reader.oid
                and here.setdatabase = (
                    select oid from pg_catalog.pg_database where datname = current_database()
                )
                and split_part(one.setting, '=', 1) = any(%(names)s)
                and one.setting <> all(%(settings)s::text[])
        )
    )
order by 1
"""


def log_readers(connection: psycopg.Connection, owner: str) -> None:
    """Make the server log readers' statements, and permit the owner to set this for new readers.

    `connection` is from `connect_to_migrate`. Does nothing if it is not an administrator's session.
    """
    if not is_administrator(connection):
        return
    missing = logins_not_logged(connection)
    database = sql.Identifier(connection.info.dbname)
    statements = [
        sql.SQL("grant set on parameter {} to {}").format(
            sql.SQL(", ").join(map(sql.Identifier, LOGGED)), sql.Identifier(owner)
        )
    ]
    for login in missing:
        statements += [_setting(login, name, value) for name, value in LOGGED.items()]
        statements += [
            sql.SQL("alter role {} in database {} reset {}").format(
                sql.Identifier(login), database, sql.Identifier(name)
            )
            for name in LOGGED
        ]
    for statement in statements if missing or not _may_log(connection, owner) else ():
        _insist(connection, statement)


def logins_not_logged(connection: psycopg.Connection) -> list[str]:
    """Return the logins of readers whose statements the server does not log."""
    values = {
        "readers": list(READERS.values()),
        "audiences": [SUPERVISOR, OFFICE],
        "settings": [f"{name}={value}" for name, value in LOGGED.items()],
        "names": list(LOGGED),
    }
    return [name for (name,) in connection.execute(_NOT_LOGGED, values)]


def log_statements_of(connection: psycopg.Connection, login: str) -> bool:
    """Make the server log a login's statements. Return False if the session may not set this."""
    user = one_value(connection, "select current_user")
    if not _may_log(connection, user):
        return False
    for name, value in LOGGED.items():
        connection.execute(_setting(login, name, value))
    return True


def _may_log(connection: psycopg.Connection, login: str) -> bool:
    """Tell whether a login may set every setting of `LOGGED`."""
    return all(
        one_value(connection, "select has_parameter_privilege(%s, %s, 'SET')", (login, name))
        for name in LOGGED
    )


def _insist(connection: psycopg.Connection, statement: sql.Composed) -> None:
    """Run a statement. Retry if another warehouse on this server is changing the same role."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with as_login(connection):
                connection.execute(statement)
            return
        except psycopg.errors.InternalError_:
            if attempt == ATTEMPTS:
                raise
            time.sleep(0.05)


def _setting(login: str, name: str, value: str) -> sql.Composed:
    return sql.SQL("alter role {} set {} = {}").format(
        sql.Identifier(login), sql.Identifier(name), sql.Literal(value)
    )
