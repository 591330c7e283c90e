"""Who reads a mart beside `bi_reader`: a unit's own supervisors, and the Commissioner's office.

Whoever may read is not thereby shown every row. A mart with records in it has a second, restrictive
policy: to a supervisor it shows those of the units whose roles the login is a member of, to the
office none. The policy looks at the session's login too, so a view or function that somebody with
more rights has made does not show more. What is not listed here is shown to `bi_reader` alone.
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
#: Roles belong to the whole server: a unit's is called this, its warehouse, its force and its code.
UNIT_ROLE = "oic_unit_"

#: Marts of aggregates and of what everybody may know: no record of a person, no officer's key.
AGGREGATES = frozenset(
    {
        "assurance_disagreement", "assurance_exception_summary", "assurance_measure",
        "assurance_position", "assurance_position_day", "assurance_voice", "data_quality_history",
        "data_quality_status", "dim_date", "dim_measure", "dim_org_unit", "dim_recommendation",
        "fct_plan_strand", "restatement", "source_freshness",
    }
)  # fmt: skip
#: Marts of records, each by the column that says whose record it is.
BY_UNIT = {
    "assurance_exception": "org_unit_code",
    "assurance_exception_history": "org_unit_code",
    "dim_officer": "org_unit_code",
    "fct_nccu_referral": "org_unit_code",
    "fct_training_requirement": "org_unit_code",
}

_POLICY = "audience"
# Superusers are members of everything, and no policy is for them.
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

_STANDS = """
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
    """Give every mart the rights and the policy that this module says; change nothing else.

    A policy that is new waits for the mart's readers, and they for it: each mart is a transaction
    of its own, so that no more than one stands still, for a moment.
    """
    stands = conn.execute(
        _STANDS,
        {"policy": _POLICY, "audiences": list(AUDIENCES), "schema": MARTS.parents},
    ).fetchall()
    for mart, policy, readers in stands:
        with conn.transaction():
            for statement in (*_policy(conn, mart, policy), *_rights(mart, set(readers))):
                conn.execute(statement)


def keep_audiences(settings: Settings) -> bool:
    """Bring rights and policies up to this code now, also when no publication comes of the run.

    Returns whether it was done. A reader who holds a mart is not waited for: publishing waits.
    """
    with connect(settings, role=ROLE, autocommit=True) as conn:
        limit_waiting(conn, "1s")
        try:
            open_to_audiences(conn)
        except psycopg.errors.LockNotAvailable:
            return False
    return True


def audiences_of(mart: str) -> frozenset[str]:
    """Return the roles, beside `bi_reader`, that may read a mart."""
    if mart in AGGREGATES:
        return frozenset(AUDIENCES)
    return frozenset({SUPERVISOR}) if mart in BY_UNIT else frozenset()


def _policy(conn: psycopg.Connection, mart: str, stands: str | None) -> Iterator[sql.Composed]:
    """Return what makes a mart's policy the one of this code: its fingerprint is its comment."""
    place, name = sql.Identifier(MARTS.parents, mart), sql.Identifier(_POLICY)
    condition = None if mart in AGGREGATES else _condition(mart)
    wanted = (
        hashlib.sha256(condition.as_string(conn).encode("utf-8")).hexdigest() if condition else None
    )
    if stands == wanted:
        return
    if stands is not None:
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
    """Return what must hold of a row; its subqueries run once a statement, not once a row."""
    if mart not in BY_UNIT:
        return _NOBODY_IS_LIMITED
    return sql.SQL("{} or force_code || '_' || {} = any ({})").format(
        _NOBODY_IS_LIMITED, sql.Identifier(BY_UNIT[mart]), _OWN_UNITS
    )
