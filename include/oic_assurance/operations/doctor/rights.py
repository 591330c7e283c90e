"""Look whether each login has the rights that it needs, and no more."""

from collections.abc import Iterator

import psycopg

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.state.observed import Finding
from oic_assurance.warehouse.connections import READERS, connect, url
from oic_assurance.warehouse.hardening.close import logs_plans, needed_statements
from oic_assurance.warehouse.roles import INHERITED, LOGIN_ROLES, can_become
from oic_assurance.warehouse.rows import one_value

START = "`assurance db start`"
LOAD = "load auto_explain and restart the server (docs/how-to/audit-log.md)"
HARDEN = "an administrator runs what `assurance db hardening-sql` prints"
_TOO_MUCH = """
select rolname::text,
    concat_ws(
        ', ',
        case when rolsuper then 'superuser' end,
        case when rolcreaterole then 'may create roles' end,
        case when rolcreatedb then 'may create databases' end,
        case when rolreplication then 'may replicate' end,
        case when rolbypassrls then 'sees every row' end
    )
from pg_catalog.pg_roles
where rolname = any (%s)
    and (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)
order by rolname
"""
# The hardening lets every stage use the connections that no reader may occupy.
_MEMBER = """
select member.rolname::text, granted.rolname::text
from pg_catalog.pg_auth_members as m
inner join pg_catalog.pg_roles as granted on m.roleid = granted.oid
inner join pg_catalog.pg_roles as member on m.member = member.oid
where member.rolname = any (%s) and granted.rolname <> 'pg_use_reserved_connections'
order by member.rolname, granted.rolname
"""


def look_at_logins(settings: Settings) -> Iterator[Finding]:
    """Log in as every stage, and compare the rights of its login with what it should have."""
    failures = [
        Finding(role, "failed", error, START)
        for role in LOGIN_ROLES
        if (error := _refusal(settings, role)) is not None
    ]
    yield from failures
    with connect(settings, autocommit=True) as warehouse:
        extra = list(_extra(warehouse))
        yield from extra
        if not failures and not extra:
            yield Finding("logins", "ok", f"all {len(LOGIN_ROLES)} log in, with their own rights")
        owner = str(one_value(warehouse, "select current_user"))
        roles = can_become(warehouse, owner)
        if roles:
            what = f"'{owner}' can act as {len(roles)} other roles of the warehouse"
            yield Finding("owner", "advice", what, "docs/how-to/logins.md")
        needed = needed_statements(warehouse)
        if needed:
            what = f"{len(needed)} statements are needed to harden it or to log what is read"
            yield Finding("server", "failed", what, HARDEN)
        else:
            yield Finding("server", "ok", "hardened: nothing is open to everybody")
        if not logs_plans(warehouse):
            what = "logs no plans, so it is not known what statements have read"
            yield Finding("server", "failed", what, LOAD)


def _refusal(settings: Settings, role: str) -> str | None:
    try:
        connect(settings, role=role).close()
    except AssuranceError as error:
        return error.message
    return None


def _extra(warehouse: psycopg.Connection) -> Iterator[Finding]:
    logins = [*LOGIN_ROLES, *READERS.values()]
    for login, rights in warehouse.execute(_TOO_MUCH, (logins,)).fetchall():
        yield Finding(login, "failed", f"has rights of the server: {rights}", "revoke them")
    known = {(login, role) for login, role, _ in INHERITED}
    for login, role in warehouse.execute(_MEMBER, (logins,)).fetchall():
        if (login, role) not in known:
            what = f"is a member of '{role}', which no login of a stage may be"
            yield Finding(login, "failed", what, f'`revoke "{role}" from "{login}"` in psql')


def look_at_readers(settings: Settings) -> Iterator[Finding]:
    """Log in as the reader of the published marts."""
    for name in READERS:
        try:
            psycopg.connect(url(settings, name), connect_timeout=5).close()
        except AssuranceError as error:
            yield Finding(READERS[name], "failed", error.message, START)
        except psycopg.Error:
            what = "does not log in with the stored password"
            yield Finding(READERS[name], "failed", what, START)
        else:
            yield Finding(READERS[name], "ok", "logs in")
