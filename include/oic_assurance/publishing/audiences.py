"""The audiences of the marts other than `bi_reader`: supervisors and the Commissioner's office.

These two audiences may read marts of aggregates in full. Every other mart has a second, restrictive
row-level security policy for them:

- A supervisor sees the rows of a unit if the login is a member of the unit's role.
- The office sees no row.

The policy checks the login of the session as well as the current role. So a view or function of
somebody with more rights shows these audiences no further rows. Only `bi_reader` may read a mart
that this module does not list.
"""

import hashlib
from collections.abc import Iterator

import psycopg
from psycopg import sql

from oic_assurance.publishing.publication import ROLE, limit_waiting
from oic_assurance.publishing.schemas import MARTS
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import OFFICE, SUPERVISOR, connect

AUDIENCES = (SUPERVISOR, OFFICE)
#: The prefix of the name of a unit's role. All databases of a server share its roles. So the name
#: continues with the warehouse, the force and the unit's code.
UNIT_ROLE = "oic_unit_"

#: Marts that both audiences may read in full. They hold aggregates and reference data, and no
#: records of persons and no officer keys.
AGGREGATES = frozenset(
    {
        "assurance_disagreement",
        "assurance_exception_summary",
        "assurance_measure",
        "assurance_position",
        "assurance_position_day",
        "assurance_voice",
        "data_quality_history",
        "data_quality_status",
        "dim_date",
        "dim_measure",
        "dim_org_unit",
        "dim_recommendation",
        "fct_plan_strand",
        "restatement",
        "source_freshness",
    }
)
#: Marts of records, with the column that holds the unit of each record.
BY_UNIT = {
    "assurance_exception": "org_unit_code",
    "assurance_exception_history": "org_unit_code",
    "dim_officer": "org_unit_code",
    "fct_nccu_referral": "org_unit_code",
    "fct_training_requirement": "org_unit_code",
}

_POLICY = "audience"
# The roles of this session that belong to an audience. A superuser counts as a member of every
# role, but policies do not apply to superusers, so they are left out.
_LIMITED = sql.SQL(
    """
    from pg_catalog.pg_roles as reader
    where reader.rolname in (current_user, session_user)
        and not reader.rolsuper
        and (
            pg_has_role(reader.oid, {supervisor}, 'USAGE')
            or pg_has_role(reader.oid, {office}, 'USAGE')
        )
    """
).format(supervisor=sql.Literal(SUPERVISOR), office=sql.Literal(OFFICE))
_NOBODY_IS_LIMITED = sql.SQL("(select not exists (select {}))").format(_LIMITED)
_OWN_UNITS = sql.SQL(
    """
    array(
        select substr(unit.rolname::text, length(warehouse.prefix) + 1)
        from pg_catalog.pg_roles as unit
        cross join (select {prefix} || current_database() || '_') as warehouse (prefix)
        where starts_with(unit.rolname::text, warehouse.prefix)
            and not exists (select {limited} and not pg_has_role(reader.oid, unit.oid, 'USAGE'))
    )
    """
).format(prefix=sql.Literal(UNIT_ROLE), limited=_LIMITED)

_CURRENT_RIGHTS = """
select
    c.relname,
    (
        select obj_description(p.oid, 'pg_policy')
        from pg_catalog.pg_policy as p
        where p.polrelid = c.oid and p.polname = %(policy)s
    ),
    array(
        select audience from unnest(%(audiences)s::text[]) as audience
        where has_table_privilege(audience, c.oid, 'SELECT')
    )
from pg_catalog.pg_class as c
where c.relnamespace = %(schema)s::regnamespace and c.relkind = 'p'
order by c.relname
"""


def open_to_audiences(conn: psycopg.Connection) -> None:
    """Give every mart the rights and the policy that this module defines.

    To change a policy, the transaction waits for sessions that read the mart, and new readers wait
    for the transaction. Each mart has its own transaction, so only one mart at a time is blocked
    for a moment. A mart that already has these rights and this policy is not changed.
    """
    found = conn.execute(
        _CURRENT_RIGHTS,
        {"policy": _POLICY, "audiences": list(AUDIENCES), "schema": MARTS.parents},
    ).fetchall()
    for mart, policy, readers in found:
        with conn.transaction():
            for statement in (*_policy(conn, mart, policy), *_rights(mart, set(readers))):
                conn.execute(statement)


def keep_audiences(settings: Settings) -> bool:
    """Update rights and policies at the start of a run, even if the run publishes nothing.

    This call waits only a second for readers of a mart. Returns False if a reader's lock prevented
    the update. A publication makes the same update, and tries several times.
    """
    with connect(settings, role=ROLE, autocommit=True) as conn:
        limit_waiting(conn, "1s")
        try:
            open_to_audiences(conn)
        except psycopg.errors.LockNotAvailable:
            return False
    return True


def audiences_of(mart: str) -> frozenset[str]:
    """Return the roles that may read a mart in addition to `bi_reader`."""
    if mart in AGGREGATES:
        return frozenset(AUDIENCES)
    return frozenset({SUPERVISOR}) if mart in BY_UNIT else frozenset()


def _policy(conn: psycopg.Connection, mart: str, existing: str | None) -> Iterator[sql.Composed]:
    """Return the statements that give a mart the policy that this module defines.

    Returns nothing if the mart has that policy already. `existing` is the comment on the present
    policy of the mart, or None. The comment holds a fingerprint of the policy.
    """
    place, name = sql.Identifier(MARTS.parents, mart), sql.Identifier(_POLICY)
    condition = None if mart in AGGREGATES else _condition(mart)
    wanted = (
        hashlib.sha256(condition.as_string(conn).encode("utf-8")).hexdigest() if condition else None
    )
    if existing == wanted:
        return
    if existing is not None:
        yield sql.SQL("drop policy {} on {}").format(name, place)
    if condition is not None:
        yield sql.SQL("create policy {} on {} as restrictive for select using ({})").format(
            name, place, condition
        )
        yield sql.SQL("comment on policy {} on {} is {}").format(name, place, sql.Literal(wanted))


def _rights(mart: str, readers: set[str]) -> Iterator[sql.Composed]:
    place, wanted = sql.Identifier(MARTS.parents, mart), audiences_of(mart)
    for role in sorted(readers - wanted):
        yield sql.SQL("revoke select on {} from {}").format(place, sql.Identifier(role))
    for role in sorted(wanted - readers):
        yield sql.SQL("grant select on {} to {}").format(place, sql.Identifier(role))


def _condition(mart: str) -> sql.Composable:
    """Return the SQL condition under which a reader sees a row of a mart.

    The subqueries of the condition run once for each statement.
    """
    if mart not in BY_UNIT:
        return _NOBODY_IS_LIMITED
    return sql.SQL("{} or force_code || '_' || {} = any ({})").format(
        _NOBODY_IS_LIMITED, sql.Identifier(BY_UNIT[mart]), _OWN_UNITS
    )
