"""The audiences of the marts other than `bi_reader`: supervisors and the Commissioner's office.

These two audiences have no right on a mart. They read views in schema `limited`, which
`limited_views` makes:

- A supervisor sees all rows of marts of aggregates. Each organisational unit has a role. In a mart
  of records, a supervisor sees the rows of the units whose roles were granted to the supervisor's
  login.
- The Commissioner's office sees only marts of aggregates.

Each mart of records has a second, restrictive row-level security policy. The policy shows no rows
to a session whose login belongs to one of the two audiences, even if the session uses a view or
function of somebody with more rights. A mart that this module does not list can be read only by
`bi_reader`.
"""

import hashlib
from collections.abc import Iterator, Sequence

import psycopg
from psycopg import sql

from oic_assurance.publishing.catalogue import Table, read_tables
from oic_assurance.publishing.limited_views import (
    LIMITED,
    View,
    function_statement,
    read_views,
    view_statements,
)
from oic_assurance.publishing.publication import ROLE, limit_waiting
from oic_assurance.publishing.schemas import KEY, MARTS
from oic_assurance.settings import Settings, deployment_kind
from oic_assurance.warehouse.connections import OFFICE, SUPERVISOR, connect
from oic_assurance.warehouse.roles import AUDIENCE, IDENTITY_READER

AUDIENCES = (SUPERVISOR, OFFICE)
#: The prefix of the names of unit roles. All databases on a server share its roles, so the name
#: continues with the warehouse, the force and the unit's code.
UNIT_ROLE = "oic_unit_"

#: Marts that both audiences may read in full. They hold aggregates, reference data and the Board's
#: log, but no records about people and no officer keys.
AGGREGATES = frozenset(
    {
        "assurance_answer",
        "assurance_caveat",
        "assurance_disagreement",
        "assurance_exception_summary",
        "assurance_headline",
        "assurance_left_out",
        "assurance_measure",
        "assurance_position",
        "assurance_position_day",
        "assurance_spc",
        "assurance_status_change",
        "assurance_voice",
        "board_question",
        "board_action",
        "board_log_question",
        "assurance_voice_month",
        "data_quality_history",
        "data_quality_status",
        "dim_date",
        "dim_measure",
        "dim_org_unit",
        "dim_point",
        "dim_recommendation",
        "fct_measure_month",
        "fct_plan_strand",
        "restatement",
        "restore_proof",
        "sign_off_reopening",
        "source_freshness",
    }
)
#: The marts of the national warehouse that both audiences may read in full. It has no records.
NATIONAL_AGGREGATES = frozenset(
    {
        "data_quality_history",
        "data_quality_status",
        "national_force_state",
        "national_funnel",
        "national_funnel_limit",
        "national_group",
        "national_history",
        "national_measure",
        "national_position",
        "national_restatement",
        "national_source",
        "source_freshness",
    }
)
#: Marts of records, each with the column that holds a record's unit.
BY_UNIT = {
    "assurance_exception": "org_unit_code",
    "assurance_exception_history": "org_unit_code",
    "dim_officer": "org_unit_code",
    "fct_nccu_referral": "org_unit_code",
    "fct_training_requirement": "org_unit_code",
}

#: The mart whose rows the worklist shows.
EXCEPTIONS = "assurance_exception"
#: The table of publications. The audiences read it through a view that shows the current one.
PUBLICATION = "publication"
#: What each publication showed as the position. Both audiences see all publications in it.
AS_PUBLISHED = "position_as_published"
#: The relations in `marts` that are views of a record, and not tables of each publication.
VIEWS = frozenset({PUBLICATION, AS_PUBLISHED, "sign_off"})

_POLICY = "audience"
# The condition names no column of the mart. So the server evaluates it once per statement, and if
# it is false, does not scan the mart at all.
_CONDITION = sql.SQL(
    "(select current_user = {owner} or not {schema}.is_limited(current_user))"
).format(owner=sql.Literal(AUDIENCE), schema=sql.Identifier(LIMITED))

_POLICIES = """
select c.relname, obj_description(p.oid, 'pg_policy')
from pg_catalog.pg_policy as p
inner join pg_catalog.pg_class as c on p.polrelid = c.oid
where c.relnamespace = %s::regnamespace and p.polname = %s
"""
_RIGHTS = """
select c.relname, array(
    select audience from unnest(%s::text[]) as audience
    where has_table_privilege(audience, c.oid, 'SELECT')
)
from pg_catalog.pg_class as c
where c.relnamespace = %s::regnamespace and c.relkind in ('r', 'p', 'v')
"""


def open_to_audiences(conn: psycopg.Connection) -> None:
    """Give each mart the view, rights and row-level security policy that this module defines.

    To change a policy, or the columns of a view, the transaction waits for sessions that read the
    mart or the view, and new readers wait for the transaction. Each mart has its own transaction,
    so only one mart at a time is blocked for a moment. A mart that already has the view, rights and
    policy is not changed.
    """
    marts = {
        name: table
        for name, table in read_tables(conn, MARTS.parents).items()
        if table.kind == "p" or name in VIEWS
    }
    views = read_views(conn)
    policies: dict[str, str | None] = dict(
        conn.execute(_POLICIES, (MARTS.parents, _POLICY)).fetchall()
    )
    rights: dict[str, list[str]] = dict(
        conn.execute(_RIGHTS, (list(AUDIENCES), MARTS.parents)).fetchall()
    )
    for name in sorted(marts):
        with conn.transaction():
            for statement in (
                *_no_rights(marts[name], rights[name]),
                *_policy(conn, marts[name], policies.get(name)),
                *_index(marts[name]),
                *_view(conn, marts[name], views.get(name)),
            ):
                conn.execute(statement)


def keep_functions(conn: psycopg.Connection, widened: str) -> None:
    """Let the audiences read a mart that this transaction gives columns.

    Its function must return the new columns from the moment in which the mart has them. Until
    `open_to_audiences` changes the view, for which it must wait for the view's readers, the view
    shows the earlier columns.
    """
    if widened in read_views(conn):
        conn.execute(_function(read_tables(conn, MARTS.parents)[widened]))


def open_after_upgrade(conn: psycopg.Connection) -> None:
    """Let both audiences read the current publication as soon as the migrations are applied.

    `conn` is a session in the transaction of the migrations, in which the owner may act as `ROLE`.
    """
    with conn.transaction():
        conn.execute(sql.SQL("set local role {}").format(sql.Identifier(ROLE)))
        open_to_audiences(conn)
        conn.execute("reset role")


def keep_audiences(settings: Settings) -> bool:
    """Update views, rights and policies at the start of a run, even if the run publishes nothing.

    This call waits only one second for readers of a mart, and returns False if a reader's lock
    prevented the update. Publication makes the same update, and tries several times.
    """
    with connect(settings, role=ROLE, autocommit=True) as conn:
        limit_waiting(conn, "1s")
        try:
            open_to_audiences(conn)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            return False
    return True


def audiences_of(mart: str) -> frozenset[str]:
    """Return the audiences that read a mart, through its view."""
    if mart in _aggregates() | VIEWS:
        return frozenset(AUDIENCES)
    return frozenset({SUPERVISOR}) if mart in BY_UNIT else frozenset()


def _aggregates() -> frozenset[str]:
    """Return the marts of aggregates of this kind of warehouse."""
    return NATIONAL_AGGREGATES if deployment_kind() == "national" else AGGREGATES


def _no_rights(mart: Table, readers: Sequence[str]) -> Iterator[sql.Composed]:
    for role in readers:
        yield sql.SQL("revoke select on {} from {}").format(
            mart.place_identifier, sql.Identifier(role)
        )


def _policy(conn: psycopg.Connection, mart: Table, existing: str | None) -> Iterator[sql.Composed]:
    """Return the statements that give a mart of records the policy that this module defines.

    Returns no statements if the mart already has that policy. `existing` is the comment on the
    present policy of the mart, or None. The comment holds a fingerprint of the policy.
    """
    place, name = mart.place_identifier, sql.Identifier(_POLICY)
    is_of_records = mart.name not in _aggregates() | VIEWS
    wanted = (
        hashlib.sha256(_CONDITION.as_string(conn).encode("utf-8")).hexdigest()
        if is_of_records
        else None
    )
    if existing == wanted:
        return
    if existing is not None:
        yield sql.SQL("drop policy {} on {}").format(name, place)
    if wanted is not None:
        yield sql.SQL("create policy {} on {} as restrictive for select using ({})").format(
            name, place, _CONDITION
        )
        yield sql.SQL("comment on policy {} on {} is {}").format(name, place, sql.Literal(wanted))


def _index(mart: Table) -> Iterator[sql.Composed]:
    """Return the statement that gives a mart of records an index on the unit, if it has none."""
    if mart.name not in BY_UNIT:
        return
    columns = (KEY, "force_code", BY_UNIT[mart.name])
    if not any(set(over[: len(columns)]) == set(columns) for _, over in mart.indexes):
        yield sql.SQL("create index on {} ({})").format(
            mart.place_identifier, sql.SQL(", ").join(map(sql.Identifier, columns))
        )


def _view(conn: psycopg.Connection, mart: Table, existing: View | None) -> Iterator[sql.Composed]:
    readers = audiences_of(mart.name)
    if not readers:
        return iter(())
    if mart.name == EXCEPTIONS:
        readers |= {IDENTITY_READER}
    return view_statements(conn, mart, existing, _function(mart), readers)


def _function(mart: Table) -> sql.Composed:
    return function_statement(
        mart, unit=BY_UNIT.get(mart.name), of_all_publications=mart.name == AS_PUBLISHED
    )
