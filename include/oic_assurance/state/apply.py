"""Make the views of schema `state` as this code defines them."""

import functools
import hashlib
from importlib import resources
from typing import Any

import psycopg
from psycopg import sql

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.yaml_lines import load_yaml
from oic_assurance.warehouse.connections import OFFICE, SUPERVISOR, connect
from oic_assurance.warehouse.rows import find_value

#: The owner of the views. It reads what the stages record, and what dbt makes.
ROLE = "oic_gate"
#: Who reads all views of state, and who reads only what readers of the marts may know.
OPERATORS = ("oic_audit", "assurance_person")
READERS = ("bi_reader", "oic_publish")
#: What `problems.yml` says of each kind of problem.
_WORDS = (
    *("title", "severity", "who", "command", "names_subject", "for_readers"),
    "what_for_readers",
)
#: How long one attempt waits for sessions that read the views, and how many attempts there are.
_PATIENCE, _ATTEMPTS = "2s", 15


@functools.cache
def problem_kinds() -> dict[str, dict[str, Any]]:
    """Return the words for each kind of problem, by its code, in the order of `problems.yml`."""
    text = resources.files("oic_assurance.state").joinpath("problems.yml").read_text("utf-8")
    found: dict[str, dict[str, Any]] = load_yaml(text)
    return found


def apply_state(settings: Settings) -> None:
    """Make the views anew if the code or a declaration has changed since they were made.

    The session is that of the views' owner, so nobody else gets a right. Whoever reads a view
    meanwhile waits for a moment.

    Raises:
        ServerError: The warehouse cannot be reached, or a session reads the views and does not end.
    """
    views = resources.files("oic_assurance.state").joinpath("views")
    texts = [one.read_text("utf-8") for one in sorted(views.iterdir(), key=lambda one: one.name)]
    known, declared = texts[0], _declared()
    made_from = hashlib.sha256("".join([*texts, declared]).encode()).hexdigest()
    with connect(settings, role=ROLE) as warehouse:
        wanted = f"The state of the warehouse, made from {made_from}."
        query = "select obj_description('state'::regnamespace, 'pg_namespace')"
        if find_value(warehouse, query) == wanted:
            return
        for attempt in range(_ATTEMPTS):
            try:
                with warehouse.transaction():
                    warehouse.execute(f"set local lock_timeout = '{_PATIENCE}'".encode())
                    # One process at a time makes the views. A second one makes them once more.
                    warehouse.execute("lock table audit.setting in exclusive mode")
                    warehouse.execute(_DROP)
                    for text in (known, declared, *texts[1:]):
                        warehouse.execute(text.encode())
                    warehouse.execute(_grants(warehouse))
                    warehouse.execute(sql.SQL("comment on schema state is {}").format(wanted))
                return
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
                if attempt == _ATTEMPTS - 1:
                    raise ServerError(
                        "The views of schema state are in use by a session that does not end: end "
                        "it, and run `assurance db start` again."
                    ) from error


# The functions of a schema are dropped after its views, which call them.
_DROP = """
do $$
declare
    made record;
begin
    for made in
        select format('drop view if exists %s cascade', oid::regclass) as statement, 1 as step
        from pg_catalog.pg_class
        where relnamespace = 'state'::regnamespace and relkind = 'v'
        union all
        select format('drop function if exists %s cascade', oid::regprocedure), 2
        from pg_catalog.pg_proc
        where pronamespace = 'state'::regnamespace
        order by 2
    loop
        execute made.statement;
    end loop;
end
$$
"""


def _declared() -> str:
    """Return the views of what is declared: the datasets, and the kinds of problems."""
    rows = []
    for one in datasets().values():
        where = "the dropzone" if one.kind == "file" else f"connection {one.database.system}"
        rows.append((one.name, one.owner, where, str(one.place)))
    kinds = [
        (code, *(kind.get(name, False) for name in _WORDS), place)
        for place, (code, kind) in enumerate(problem_kinds().items())
    ]
    return (
        _view("declared_dataset", "dataset, owner, place, source_name", rows)
        + "comment on view state.declared_dataset is 'One row per declared dataset.';\n"
        + _view("problem_kind", f"problem_code, {', '.join(_WORDS)}, place", kinds)
        + "comment on view state.problem_kind is 'One row per kind of problem, with its words.';\n"
        + _view("reopening_cause", "cause, words", [*problem_kinds()["reopened"]["causes"].items()])
        + "comment on view state.reopening_cause is 'One row per cause of a reopening.';\n"
    )


def _view(name: str, columns: str, rows: list[tuple[Any, ...]]) -> str:
    values = sql.SQL(", ").join(
        sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, row))) for row in rows
    )
    return f"create view state.{name} ({columns}) as values {values.as_string()};\n"


def _grants(warehouse: psycopg.Connection) -> sql.Composed:
    owner = find_value(
        warehouse,
        "select datdba::regrole::text from pg_catalog.pg_database "
        "where datname = current_database()",
    )
    operators = sql.SQL(", ").join(sql.Identifier(one) for one in (*OPERATORS, str(owner)))
    readers = sql.SQL(", ").join(map(sql.Identifier, READERS))
    # What the first lines of dashboards ask for says nothing about a record.
    limited = sql.SQL(", ").join(map(sql.Identifier, (SUPERVISOR, OFFICE)))
    return sql.SQL(
        """
        revoke all on all functions in schema state from public;
        grant usage on schema state to {operators}, {readers}, {limited};
        grant select on all tables in schema state to {operators};
        grant execute on all functions in schema state to {operators};
        grant select on state.problem_for_readers to {readers};
        grant execute on function state.problems_for_readers() to {readers};
        grant execute on function state.missing_tables(bigint), state.london(timestamptz)
            to {readers}, {limited};
        """
    ).format(operators=operators, readers=readers, limited=limited)
