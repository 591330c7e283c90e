"""The roles of the warehouse: the logins, the keepers, and the memberships of the owner.

- A **login** is a role that a process connects as. It has its own password and is a member of no
  other role, so its session cannot act as another role. There are two exceptions: `oic_publish` and
  `oic_rekey` have rights of other roles (`INHERITED`).
- A **keeper** is a role that nobody logs in as. It owns objects that no login may change or read in
  full.
- A **person** is a login that `assurance access` makes: a member of `PERSON` and of a role for each
  of the person's rights (`RIGHTS`).
- The **owner** of the database applies the migrations. A migration makes objects for other roles,
  so the owner is a member of them, but only inside the transaction of the migration.

docs/decisions/0024-logins-and-their-rights.md explains why.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql

from oic_assurance.settings import SIGN_OFF_ROLES
from oic_assurance.warehouse.rows import one_value

STAGE_ROLES = ("oic_landing", "oic_transform", "oic_gate", "oic_publish")
ERASURE = "oic_erasure"
#: Roles for reading records, each for one lawful purpose.
PURPOSES = ("general_processing", "law_enforcement_processing")
#: Reads the evidence for an auditor, and adds entries from the server's own log to the log of
#: processing.
AUDITOR = "oic_audit"
#: Reads the worklist of every unit.
WORKLIST = "oic_worklist"
#: Replaces all pseudonyms with those of a new key.
REKEY_ROLE = "oic_rekey"
#: Enters the steps of a sign-off and the checks of its evidence.
SIGN_OFF = "oic_signoff"
#: Enters what people decide about records past their retention. It cannot erase.
REVIEW = "oic_review"
LOGIN_ROLES = (*STAGE_ROLES, ERASURE, *PURPOSES, AUDITOR, WORKLIST, REKEY_ROLE, SIGN_OFF, REVIEW)
#: The owner of schema `identity`, which contains the map from officer numbers to pseudonyms.
IDENTITY_KEEPER = "oic_identity_keeper"
#: The owner of schema `audit` and of the functions that the stages call.
AUDIT_KEEPER = "oic_audit_keeper"
#: The owner of the views and functions of limited readers. It may read the marts and nothing else.
AUDIENCE = "oic_audience"
#: The owner of the functions of the worklist, which read the map of pseudonyms.
IDENTITY_READER = "oic_identity"
#: The owner of the locks and limits. It may see and end the sessions of readers.
GUARD = "oic_guard"
KEEPERS = (IDENTITY_KEEPER, AUDIT_KEEPER, AUDIENCE, IDENTITY_READER, GUARD)
#: The role of every person who acts with a login of their own.
PERSON = "assurance_person"
#: What such a login can have the right to do: to make a step of a sign-off in one of its roles, to
#: approve publications, and to decide about records past their retention and about recalls.
RIGHTS = (*SIGN_OFF_ROLES, "APPROVER", "REVIEWER")
#: Each right is a role: this prefix, and the right in small letters.
RIGHT_PREFIX = "person_"
RIGHT_ROLES = {right: f"{RIGHT_PREFIX}{right.lower()}" for right in RIGHTS}
#: The role of every person who looks around in the warehouse for some hours.
LOOKER = "assurance_looker"
#: The prefix of the roles for organisational units. The owner creates these roles and grants them
#: to supervisors.
UNIT_PREFIX = "oic_unit_"
#: The search path of every login. It contains no schema that another role can write to.
SEARCH_PATH = "pg_catalog, pg_temp"

#: Each entry is a login, a role whose rights the login has, and whether it may act as that role.
#: `oic_publish` takes over the tables that dbt makes, and remakes the views of limited readers when
#: a mart gets a column. `oic_rekey` changes published tables.
INHERITED = (
    ("oic_publish", "oic_transform", False),
    ("oic_publish", AUDIENCE, True),
    (REKEY_ROLE, "oic_publish", False),
)
_ROLES = """
select rolname, rolcanlogin, coalesce('search_path=' || %s = any (rolconfig), false)
from pg_catalog.pg_roles
where rolname = any (%s)
"""
# Finds whether a login has the rights of a role. A grant that the owner has made ends when the
# owner's own membership ends. So such a grant counts only if the session's login is the owner.
_INHERITS = """
select exists (
    select
    from pg_catalog.pg_auth_members as m
    inner join pg_catalog.pg_roles as inherited on m.roleid = inherited.oid
    inner join pg_catalog.pg_roles as inheriting on m.member = inheriting.oid
    inner join pg_catalog.pg_roles as grantor on m.grantor = grantor.oid
    where inherited.rolname = %(inherited)s and inheriting.rolname = %(inheriting)s
        and m.inherit_option and m.set_option = %(set)s
        and (grantor.rolname <> %(owner)s or session_user = %(owner)s)
)
"""
# The logins and keepers, and every other role that a migration has created.
_OURS = """
select rolname::text
from pg_catalog.pg_roles
where rolname = any (%s) or (starts_with(rolname, 'oic_') and not starts_with(rolname, %s))
order by array_position(%s::text[], rolname::text), rolname
"""
# The memberships that the owner has or has granted.
_MEMBERS = """
select granted.rolname, member.rolname, grantor.rolname,
    m.admin_option, m.inherit_option, m.set_option
from pg_catalog.pg_auth_members as m
inner join pg_catalog.pg_roles as granted on m.roleid = granted.oid
inner join pg_catalog.pg_roles as member on m.member = member.oid
inner join pg_catalog.pg_roles as grantor on m.grantor = grantor.oid
where %(owner)s in (member.rolname, grantor.rolname)
order by granted.rolname, member.rolname
"""
# Statements that make the keepers the owners of what the warehouse's owner owns. Schemas come
# first, because a keeper must own a schema before it can own a table in that schema. The sequence
# of an identity column gets the same owner as its table automatically.
_HAND_OVER = """
with
    place as (
        select
            oid, nspname, nspowner,
            case nspname when 'identity' then %(identity)s else %(audit)s end as keeper
        from pg_catalog.pg_namespace
        where nspname !~ '^pg_' and nspname <> all (%(others)s)
    ),
    owner as (select oid from pg_catalog.pg_roles where rolname = %(owner)s)
select statement
from (
    select 1 as step, format('alter schema %%I owner to %%I', nspname, keeper) as statement
    from place
    where nspowner = (select oid from owner)
    union all
    select
        2,
        format(
            'alter %%s %%s owner to %%I',
            case c.relkind
                when 'v' then 'view'
                when 'm' then 'materialized view'
                when 'S' then 'sequence'
                else 'table'
            end,
            c.oid::regclass, place.keeper
        )
    from pg_catalog.pg_class as c
    inner join place on c.relnamespace = place.oid
    where c.relowner = (select oid from owner)
        and c.relkind in ('r', 'p', 'v', 'm', 'S')
        and not exists (
            select
            from pg_catalog.pg_depend as d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')
                and c.relkind = 'S'
        )
    union all
    select 3, format('alter routine %%s owner to %%I', p.oid::regprocedure, place.keeper)
    from pg_catalog.pg_proc as p
    inner join place on p.pronamespace = place.oid
    where p.proowner = (select oid from owner)
    union all
    select 4, format('alter type %%s owner to %%I', t.oid::regtype, place.keeper)
    from pg_catalog.pg_type as t
    inner join place on t.typnamespace = place.oid
    where t.typowner = (select oid from owner) and t.typtype in ('d', 'e')
) as found
order by step
"""
_CAN_BECOME = """
select wanted
from unnest(%s::text[]) with ordinality as o (wanted, place)
where pg_has_role(%s, wanted, 'SET, USAGE, MEMBER WITH ADMIN OPTION')
order by place
"""


def ensure_roles(connection: psycopg.Connection, owner: str) -> None:
    """Create missing logins and keepers, and correct the properties that they must have.

    These are whether a role can log in, its search path, and its memberships (`INHERITED`).
    `connection` is a session of an administrator or of the owner. A correct role is not altered,
    because roles belong to the whole server and another warehouse may be using the role.

    Raises:
        psycopg.errors.InsufficientPrivilege: The session may not create or change a role.
    """
    found = {
        name: (can_login, has_path)
        for name, can_login, has_path in connection.execute(
            _ROLES, (SEARCH_PATH, [*LOGIN_ROLES, *KEEPERS])
        ).fetchall()
    }
    for name in (*LOGIN_ROLES, *KEEPERS):
        role = sql.Identifier(name)
        if name not in found:
            _create(connection, name)
        can_login, has_path = found.get(name, (False, False))
        if can_login != (name in LOGIN_ROLES):
            change = sql.SQL("login" if name in LOGIN_ROLES else "nologin")
            connection.execute(sql.SQL("alter role {} {}").format(role, change))
        if name in LOGIN_ROLES and not has_path:
            connection.execute(
                sql.SQL("alter role {} set search_path = {}").format(role, sql.SQL(SEARCH_PATH))
            )
    for inheriting, inherited, may_act in INHERITED:
        wanted = {
            "inherited": inherited, "inheriting": inheriting, "owner": owner, "set": may_act,
        }  # fmt: skip
        if not one_value(connection, _INHERITS, wanted):
            connection.execute(
                sql.SQL("grant {} to {} with inherit true, set {}").format(
                    sql.Identifier(inherited), sql.Identifier(inheriting), sql.Literal(may_act)
                )
            )


@contextmanager
def as_login(connection: psycopg.Connection) -> Iterator[None]:
    """Run the block with the rights of the session's login, in a transaction or a savepoint.

    `connection` is from `connect_to_migrate`. Outside such blocks, it acts as the owner.
    """
    with connection.transaction():
        before = one_value(connection, "select current_setting('role')")
        connection.execute("set local role none")
        yield
        connection.execute("select set_config('role', %s, true)", (before,))


def lend(connection: psycopg.Connection, owner: str) -> None:
    """Make the owner a member of every role of the warehouse, for the transaction of a migration.

    Raises:
        psycopg.errors.InsufficientPrivilege: The session may not grant one of the roles.
    """
    lent = _ours(connection)
    # Migrations grant these roles to others, so the owner needs the right to grant them.
    options = sql.SQL("admin true, set true, inherit true")
    if _is_own_session(connection, owner):
        # The owner cannot give itself the right to grant a role. If the owner has created the role,
        # it has that right already.
        options = sql.SQL("set true, inherit true")
        able = set(can_become(connection, owner))
        lent = [
            name
            for name in lent
            if not _is_member(connection, owner, name)
            and (name in able or name in (*LOGIN_ROLES, *KEEPERS))
        ]
    if lent:
        connection.execute(
            sql.SQL("grant {} to {} with {}").format(_names(lent), sql.Identifier(owner), options)
        )


def take_back(connection: psycopg.Connection, owner: str, *, keeping_grants: bool = False) -> None:
    """End every membership of the owner in a role of the warehouse that this session can end.

    An administrator's session ends all of these memberships. The grants that the owner has made end
    with them. With `keeping_grants`, the session first makes the same grants itself, so they stay.
    The owner's session ends only memberships that the owner granted to itself. The owner can
    administer a role that it has created until an administrator takes that right away.
    """
    ours, is_own = set(_ours(connection)), _is_own_session(connection, owner)
    held: dict[str, list[str]] = {}
    for role, member, grantor, *options in connection.execute(
        _MEMBERS, {"owner": owner}
    ).fetchall():
        if role not in ours:
            continue
        if member == owner and (grantor == owner or not is_own):
            held.setdefault(grantor, []).append(role)
        elif member != owner and keeping_grants and not is_own:
            admin, inherit, may_set = (sql.SQL("true" if one else "false") for one in options)
            connection.execute(
                sql.SQL("grant {} to {} with admin {}, inherit {}, set {}").format(
                    sql.Identifier(role), sql.Identifier(member), admin, inherit, may_set
                )
            )
    for grantor, roles in held.items():
        connection.execute(
            sql.SQL("revoke {} from {} granted by {} cascade").format(
                _names(roles), sql.Identifier(owner), sql.Identifier(grantor)
            )
        )


def hand_over(connection: psycopg.Connection, owner: str, others: Sequence[str]) -> None:
    """Make the keepers the owners of the schemas, tables and functions that the owner owns.

    Other roles keep their rights on these objects. The owner must be a member of the keepers. The
    schemas `others` are left out, because somebody else made them as the owner.
    """
    wanted = {
        "owner": owner,
        "identity": IDENTITY_KEEPER,
        "audit": AUDIT_KEEPER,
        "others": [*others, "public", "information_schema"],
    }
    for (statement,) in connection.execute(_HAND_OVER, wanted).fetchall():
        connection.execute(statement.encode())


def is_administrator(connection: psycopg.Connection) -> bool:
    """Tell whether the login of a session is a superuser, whatever role the session acts as."""
    return bool(
        one_value(
            connection, "select rolsuper from pg_catalog.pg_roles where rolname = session_user"
        )
    )


def can_become(connection: psycopg.Connection, owner: str) -> list[str]:
    """Return the roles that the owner is a member of, or can make itself a member of."""
    rows = connection.execute(_CAN_BECOME, (_ours(connection), owner)).fetchall()
    return [name for (name,) in rows]


def _ours(connection: psycopg.Connection) -> list[str]:
    known = [*KEEPERS, *LOGIN_ROLES]
    return [name for (name,) in connection.execute(_OURS, (known, UNIT_PREFIX, known)).fetchall()]


def _is_own_session(connection: psycopg.Connection, owner: str) -> bool:
    return bool(one_value(connection, "select session_user = %s", (owner,)))


def _is_member(connection: psycopg.Connection, owner: str, role: str) -> bool:
    return bool(
        one_value(
            connection,
            "select pg_has_role(%(owner)s, %(role)s, 'SET')"
            " and pg_has_role(%(owner)s, %(role)s, 'USAGE')",
            {"owner": owner, "role": role},
        )
    )


def _names(roles: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, roles))


def _create(connection: psycopg.Connection, name: str) -> None:
    try:
        with connection.transaction():
            connection.execute(sql.SQL("create role {}").format(sql.Identifier(name)))
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        # Another warehouse on this server has created the role at the same moment.
        pass
