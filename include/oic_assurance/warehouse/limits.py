"""Enforce the limits of readers, so that no reader delays a stage.

A reader's login has limits (`limits.setting`), which the server applies. But a session can raise
most of its own limits. So building and publishing begin by ending the sessions that have exceeded
one.
`limits.ended_session` records whose session was ended, and why.
"""

import logging

import psycopg
from psycopg import sql

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import one_value

#: The role that ends sessions. Every stage may end sessions, and publishing has to most often.
ROLE = "oic_publish"

# The server checks until when a login is valid only when somebody logs in.
_END_EXPIRED = """
with expired as materialized (
    select reader.login, reader.pid, 'the login was valid until ' || login.rolvaliduntil as because
    from limits.readers() as reader
    inner join pg_catalog.pg_roles as login on reader.login = login.rolname::text
    where login.rolvaliduntil < clock_timestamp()
)

select login, pid, because
from expired
where limits.end_session(pid, because)
"""

LOG = logging.getLogger(__name__)


def limits_of(connection: psycopg.Connection, login: str) -> list[sql.Composed]:
    """Return the statements that set those limits of readers that a login does not have yet."""
    name = sql.Identifier(login)
    statements = []
    if (
        one_value(
            connection, "select rolconnlimit from pg_catalog.pg_roles where rolname = %s", (login,)
        )
        == -1
    ):
        number = one_value(connection, "select limits.connections(%s)", (login,))
        statements.append(
            sql.SQL("alter role {} connection limit {}").format(name, sql.Literal(number))
        )
    missing = connection.execute(
        """
        select wanted.name, wanted.setting
        from limits.setting as wanted
        inner join pg_catalog.pg_settings as known on wanted.name = known.name
        where (known.context <> 'superuser' or has_parameter_privilege(wanted.name, 'SET'))
            and not exists (
                select
                from pg_catalog.pg_roles as reader, unnest(reader.rolconfig) as own
                where reader.rolname = %s and starts_with(own, wanted.name || '=')
            )
        order by wanted.name
        """,
        (login,),
    ).fetchall()
    return statements + [
        sql.SQL("alter role {} set {} = {}").format(
            name, sql.Identifier(setting), sql.Literal(value)
        )
        for setting, value in missing
    ]


def end_overdue(settings: Settings) -> None:
    """End the readers' sessions that have exceeded a limit, or whose login is not valid any more.

    The limits are in `limits.setting`.
    """
    with connect(settings, role=ROLE, autocommit=True) as connection:
        _log(connection.execute("select login, pid, because from limits.end_overdue()").fetchall())
        _log(connection.execute(_END_EXPIRED).fetchall())


def end_holders(settings: Settings, *, seconds: float) -> None:
    """End readers' sessions that lock a table in a transaction older than `seconds`."""
    with connect(settings, role=ROLE, autocommit=True) as connection:
        _log(
            connection.execute(
                "select login, pid, because from limits.end_holders(make_interval(secs => %s))",
                (seconds,),
            ).fetchall()
        )


def _log(ended: list[tuple[str, int, str]]) -> None:
    for login, pid, because in ended:
        LOG.warning("A session of '%s' (process %d) was ended: %s.", login, pid, because)
