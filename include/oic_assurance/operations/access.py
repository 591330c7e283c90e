"""Give, end and list the access of the logins of supervisors, the office and persons.

A person reads as the Commissioner's office, and has rights to act (`roles.RIGHTS`).

A login's rights are its memberships in server roles (see `publishing.audiences`).
`audit.access_change` records who changed the rights of a login and why.
"""

import re
import secrets
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.errors import AssuranceError, ServerError, UnknownNameError, UsageError
from oic_assurance.publishing.audiences import UNIT_ROLE
from oic_assurance.publishing.limited_views import LIMITED
from oic_assurance.settings import Settings
from oic_assurance.warehouse.account import account, account_at_host
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.connections import (
    OFFICE,
    READERS,
    SUPERVISOR,
    connect,
    reason,
    warehouse_url,
)
from oic_assurance.warehouse.limits import limits_of
from oic_assurance.warehouse.processing_log import enter
from oic_assurance.warehouse.roles import (
    AUDITOR,
    KEEPERS,
    LOGIN_ROLES,
    LOOKER,
    PERSON,
    RIGHT_PREFIX,
    RIGHT_ROLES,
)
from oic_assurance.warehouse.rows import (
    find_row,
    find_value,
    named_rows,
    one_value,
    relation_exists,
)
from oic_assurance.warehouse.versions import check_version

#: The role that reads who has access. Changes to access are made by the warehouse's owner, which
#: can create roles.
READER = "oic_gate"
#: The prefix of the warehouse's own roles. These roles keep rights that `hardening` revokes from
#: all others.
OURS = "oic_"
#: The prefix of the logins with which people look around.
LOOKING = "look_"
_LONGEST_NAME = 63
_SESSION = {
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "repeatable read",
    "search_path": LIMITED,
}

# What a login may read (the records of its units, or only aggregates), its rights, and who last
# changed all this. The name of a unit's role contains the warehouse, the force and the unit's code.
_ACCESS = """
select
    login.rolname as login,
    array(
        select substr(unit.rolname::text, length(%(prefix)s) + 1)
        from pg_catalog.pg_roles as unit
        where starts_with(unit.rolname::text, %(prefix)s)
            and pg_has_role(login.oid, unit.oid, 'USAGE')
        order by 1
    ) as units,
    array(
        select upper(substr(held.rolname::text, length(%(right_prefix)s) + 1))
        from pg_catalog.pg_roles as held
        where held.rolname::text = any (%(rights)s) and pg_has_role(login.oid, held.oid, 'USAGE')
        order by array_position(%(rights)s, held.rolname::text)
    ) as rights,
    pg_has_role(login.oid, %(office)s, 'USAGE') as is_office,
    pg_has_role(login.oid, %(supervisor)s, 'USAGE') as is_supervisor,
    last.changed_by,
    last.because
from pg_catalog.pg_roles as login
left join lateral (
    select change.changed_by, change.because
    from audit.access_change as change
    where change.login = login.rolname::text
    order by change.change_id desc
    limit 1
) as last on true
where login.rolcanlogin
    and not login.rolsuper
    and (
        pg_has_role(login.oid, %(office)s, 'USAGE')
        or pg_has_role(login.oid, %(supervisor)s, 'USAGE')
        or pg_has_role(login.oid, %(person)s, 'USAGE')
    )
order by 1
"""
# Finds whether a login can read more than an audience may, because it is a member of a warehouse
# role or has a server-wide right. The rights of such a login cannot be limited here.
_SEES_MORE = """
select login.rolsuper or login.rolcreaterole or login.rolbypassrls or login.rolreplication
    or exists (
        select
        from pg_catalog.pg_roles as more
        where pg_has_role(login.oid, more.oid, 'MEMBER')
            and (
                more.rolname::text = any (%(ours)s)
                or more.rolsuper
                or more.rolbypassrls
                or more.rolname in (
                    'pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files',
                    'pg_write_server_files', 'pg_execute_server_program', 'pg_maintain',
                    'pg_monitor', 'pg_read_all_stats', 'pg_stat_scan_tables'
                )
                or more.oid = (
                    select datdba from pg_catalog.pg_database where datname = current_database()
                )
            )
    )
from pg_catalog.pg_roles as login
where login.rolname = %(login)s
"""
# Whether the office's access was given to a login on its own. A right brings it along, unrecorded.
_IS_OF_OFFICE = """
select is_granted
from audit.access_change
where login = %s and audience = 'OFFICE'
order by change_id desc
limit 1
"""


def give(
    settings: Settings,
    login: str,
    units: Sequence[str],
    because: str,
    rights: Sequence[str] = (),
) -> str | None:
    """Give a login access to the records of units or, without units, to the office's aggregates.

    With `rights`, the login is of a person, who can act in the warehouse as well.

    If the login does not exist, it is created and its password is returned. The password is not
    stored anywhere. Returns None if the login already exists. `because` is recorded as the reason.

    Raises:
        UsageError: A unit is not published, the login's name cannot be used, the login can already
            read more than an audience may, or it already belongs to the other audience.
        AssuranceError: Nothing is published yet.
        ServerError: The warehouse's login may not create roles or grant them.
    """
    with connect(settings) as conn:
        check_version(conn)
        _check_login(conn, settings, login, to_office=not units)
        for unit in units:
            _check_unit(conn, settings, unit)
        password = _ensure_login(conn, login)
        _limit(conn, login)
        _grant(conn, SUPERVISOR if units else OFFICE, login)
        for unit in units:
            _ensure_role(conn, _unit_role(conn, settings, unit))
            _grant(conn, _unit_role(conn, settings, unit), login)
            _record(conn, login, "SUPERVISOR", because, unit=unit, is_granted=True)
        for right in rights:
            _grant(conn, PERSON, login)
            _grant(conn, RIGHT_ROLES[right], login)
            _record(conn, login, right, because, is_granted=True)
        if not units and not rights:
            _record(conn, login, "OFFICE", because, is_granted=True)
    return password


def end(
    settings: Settings,
    login: str,
    units: Sequence[str],
    because: str,
    rights: Sequence[str] = (),
) -> Any:
    """Revoke a login's access to units, or its rights, or without both, all its access.

    With the last right, the login also loses the office's aggregates, unless they were given to it
    on their own. The login itself stays. Returns what it still has, or None.

    Raises:
        UsageError: The login has no access at all, or lacks one of these units or rights.
        ServerError: The login would still have access, because an administrator or a directory has
            also granted it. Only the grantor can revoke a grant. Nothing is changed.
    """
    with connect(settings) as conn:
        check_version(conn)
        before = _find(conn, settings, login)
        if before is None:
            raise UsageError(f"'{login}' has no access: `assurance access list` shows who has.")
        _check_has(before, units, rights)
        is_all = not units and not rights
        ended = before.units if is_all else units
        ended_rights = before.rights if is_all else rights
        for unit in ended:
            _revoke(conn, _unit_role(conn, settings, unit), login)
            _record(conn, login, "SUPERVISOR", because, unit=unit, is_granted=False)
        for right in ended_rights:
            _revoke(conn, RIGHT_ROLES[right], login)
            _record(conn, login, right, because, is_granted=False)
        ends_office = is_all
        if before.rights and set(ended_rights) == set(before.rights):
            _revoke(conn, PERSON, login)
            ends_office = is_all or not find_value(conn, _IS_OF_OFFICE, (login,))
        if before.is_office and ends_office:
            _revoke(conn, OFFICE, login)
        if before.is_supervisor and set(ended) == set(before.units):
            _revoke(conn, SUPERVISOR, login)
        after = _find(conn, settings, login)
        lost = {*ended, *ended_rights}
        if after is not None and (is_all or lost & {*after.units, *after.rights}):
            raise ServerError(
                f"'{login}' was granted that by an administrator, a directory or a group, who must "
                "revoke it. Nothing is changed."
            )
        if before.is_office and (after is None or not after.is_office):
            _record(conn, login, "OFFICE", because, is_granted=False)
    return after


def person_url(settings: Settings, login: str, password: str | None) -> str:
    """Return the URI with which a person logs in. Without a password, it has a placeholder."""
    place = conninfo_to_dict(warehouse_url(settings))
    known = {key: str(value) for key, value in place.items() if value is not None}
    return libpq_uri({**known, "user": login, "password": password or "PASSWORD"})


def look_around(settings: Settings, because: str, *, hours: int) -> str:
    """Let the person of this account read the warehouse for some hours, and return the URI for it.

    The login is the person's own, reads what the gate reads, and cannot write. Each look has its
    own reason, which is in the log of processing, and its own password, which ends the one before.

    Raises:
        ServerError: The warehouse's login may not create roles or grant them.
    """
    login = f"{LOOKING}{re.sub(r'[^a-z0-9_]', '_', account().lower())}"[:_LONGEST_NAME]
    with connect(settings) as conn:
        check_version(conn)
        password, name = secrets.token_urlsafe(24), sql.Identifier(login)
        _ensure_role(conn, login)
        until = one_value(conn, "select (now() + make_interval(hours => %s))::text", (hours,))
        _run(
            conn,
            sql.SQL("alter role {} login password {} valid until {}").format(
                name, sql.Literal(_verifier(conn, login, password)), sql.Literal(until)
            ),
        )
        _run(conn, sql.SQL("alter role {} set default_transaction_read_only = on").format(name))
        _limit(conn, login)
        _grant(conn, LOOKER, login)
    with connect(settings, role=AUDITOR) as conn:
        what = f"the login '{login}' may read the marts, raw and the record of runs until {until}"
        enter(conn, "consultation", what, because=because)
    return person_url(settings, login, password)


def list_access(settings: Settings) -> list[Any]:
    """Return every login of a supervisor, of the office or of a person, sorted by name."""
    with connect(settings, role=READER) as conn:
        return _list_access(conn, settings)


def _list_access(conn: psycopg.Connection, settings: Settings) -> list[Any]:
    values = {
        "prefix": _unit_role(conn, settings, ""),
        "office": OFFICE,
        "supervisor": SUPERVISOR,
        "person": PERSON,
        "right_prefix": RIGHT_PREFIX,
        "rights": list(RIGHT_ROLES.values()),
    }
    return named_rows(conn, _ACCESS.encode(), values)


def _find(conn: psycopg.Connection, settings: Settings, login: str) -> Any:
    return next((one for one in _list_access(conn, settings) if one.login == login), None)


def _check_has(access: Any, units: Sequence[str], rights: Sequence[str]) -> None:
    missing = [unit for unit in units if unit not in access.units]
    if missing:
        raise UsageError(f"'{access.login}' does not read the records of {', '.join(missing)}.")
    missing = [right for right in rights if right not in access.rights]
    if missing:
        raise UsageError(f"'{access.login}' does not have the right {', '.join(missing)}.")


def _unit_role(conn: psycopg.Connection, settings: Settings, unit: str) -> str:
    """Return the name of the role whose members see a unit's records."""
    return f"{UNIT_ROLE}{conn.info.dbname}_{settings.force_code}_{unit}"


def _check_login(
    conn: psycopg.Connection, settings: Settings, login: str, *, to_office: bool
) -> None:
    if not 0 < len(login.encode("utf-8")) <= _LONGEST_NAME:
        raise UsageError("A login has 1 to 63 characters.")
    ours = [*LOGIN_ROLES, *KEEPERS, *READERS.values()]
    groups = (SUPERVISOR, OFFICE, PERSON, *RIGHT_ROLES.values())
    if login in (*ours, *groups) or login.startswith((OURS, LOOKING, "pg_")):
        raise UsageError(f"'{login}' is a role of the warehouse itself: choose another name.")
    if find_value(conn, _SEES_MORE.encode(), {"ours": ours, "login": login}):
        raise UsageError(f"'{login}' can already see more: choose a login with fewer rights.")
    other = _find(conn, settings, login)
    if other is not None and (other.is_supervisor if to_office else not other.is_supervisor):
        raise UsageError(
            f"'{login}' reads as {'a supervisor' if to_office else 'the office'} already: "
            "end that first."
        )


def _check_unit(conn: psycopg.Connection, settings: Settings, unit: str) -> None:
    if not relation_exists(conn, "marts.dim_org_unit"):
        raise AssuranceError("No units are published yet: run `assurance run` first.")
    known = conn.execute(
        """
        select org_unit_code
        from marts.dim_org_unit
        where publication_id = (select publication_id from marts.publication where is_current)
        """
    ).fetchall()
    codes = sorted(code for (code,) in known)
    if unit not in codes:
        raise UnknownNameError("unit", unit, codes, "in marts.dim_org_unit")
    if len(_unit_role(conn, settings, unit).encode("utf-8")) > _LONGEST_NAME:
        raise UsageError(f"The code of the unit '{unit}' is too long for the name of a role.")


def _ensure_login(conn: psycopg.Connection, login: str) -> str | None:
    password = None
    can_login = find_value(
        conn, "select rolcanlogin from pg_catalog.pg_roles where rolname = %s", (login,)
    )
    if can_login is None:
        password = secrets.token_urlsafe(24)
        verifier = _verifier(conn, login, password)
        _run(
            conn,
            sql.SQL("create role {} login password {}").format(
                sql.Identifier(login), sql.Literal(verifier)
            ),
        )
    elif not can_login:
        raise UsageError(f"'{login}' is a role that cannot log in.")
    # These settings make the login's transactions read-only, and make all statements of a
    # transaction see the same publication.
    for name, value in _SESSION.items():
        _run(
            conn,
            sql.SQL("alter role {} set {} = {}").format(
                sql.Identifier(login), sql.Identifier(name), sql.Literal(value)
            ),
        )
    return password


def _verifier(conn: psycopg.Connection, login: str, password: str) -> str:
    """Return a SCRAM hash, which is enough to check a password. The password is never sent."""
    return conn.pgconn.encrypt_password(
        password.encode("utf-8"), login.encode("utf-8"), b"scram-sha-256"
    ).decode("ascii")


def _limit(conn: psycopg.Connection, login: str) -> None:
    """Apply the limits of `limits.setting` to a login, except where it already has its own."""
    for statement in limits_of(conn, login):
        _run(conn, statement)


def _ensure_role(conn: psycopg.Connection, role: str) -> None:
    if find_row(conn, "select from pg_catalog.pg_roles where rolname = %s", (role,)) is None:
        _run(conn, sql.SQL("create role {}").format(sql.Identifier(role)))


def _grant(conn: psycopg.Connection, role: str, login: str) -> None:
    _run(
        conn,
        sql.SQL("grant {} to {} with inherit true, set false, admin false").format(
            sql.Identifier(role), sql.Identifier(login)
        ),
    )


def _revoke(conn: psycopg.Connection, role: str, login: str) -> None:
    _run(conn, sql.SQL("revoke {} from {}").format(sql.Identifier(role), sql.Identifier(login)))


def _run(conn: psycopg.Connection, statement: sql.Composed) -> None:
    try:
        conn.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise ServerError(
            f"The warehouse's login may not do that ({reason(error)}): ask an administrator."
        ) from error


def _record(
    conn: psycopg.Connection,
    login: str,
    audience: str,
    because: str,
    *,
    is_granted: bool,
    unit: str | None = None,
) -> None:
    """Record that a login gained or lost a unit, the aggregates (OFFICE) or a right."""
    conn.execute(
        """
        insert into audit.access_change (
            login, audience, org_unit_code, is_granted, because, changed_by
        )
        values (%s, %s, %s, %s, %s, 'login ' || session_user || ', claimed account ' || %s)
        """,
        (login, audience, unit, is_granted, because, account_at_host()),
    )
