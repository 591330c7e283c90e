"""The constraints in the YAML of the marts, which PostgreSQL enforces on the tables of a candidate.

No row of a table can break a constraint that the table has. So no check counts such rows. Instead
it is recorded for each declared constraint whether the table of the candidate really has it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from oic_assurance.builds.data_tests import IN_EVERY_MART, SEALED_TAG
from oic_assurance.builds.dbt import Node, project_nodes
from oic_assurance.builds.test_results import OWNER, store_evidence
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings

#: The quality dimension of each type of constraint.
_DIMENSIONS = {
    "not_null": "completeness",
    "primary_key": "uniqueness",
    "unique": "uniqueness",
    "foreign_key": "integrity",
}
ABSENT = "the candidate's table does not have it"
REFUSED = "PostgreSQL refused the rows"
#: What PostgreSQL says of rows that break a constraint of a type.
_BROKEN = {
    "not_null": "violates not-null constraint",
    "primary_key": "violates unique constraint",
    "unique": "violates unique constraint",
    "foreign_key": "violates foreign key constraint",
}

# Each table, with a constraint that it has. The definition of a constraint that PostgreSQL has not
# checked on all rows, or does not enforce, ends with words that no declared one has. Servers before
# version 18 have no constraint for a column that is never null, only a mark of the column.
_IN_FORCE = """
with
    candidate as (
        select class.oid, schema.nspname::text as schema_name, class.relname::text as table_name
        from pg_catalog.pg_class as class
        inner join pg_catalog.pg_namespace as schema on class.relnamespace = schema.oid
        where schema.nspname = any(%s)
    )
select schema_name, table_name, replace(pg_get_constraintdef(held.oid), '"', '')
from candidate
inner join pg_catalog.pg_constraint as held on candidate.oid = held.conrelid
where held.contype in ('p', 'u', 'f')
union all
select schema_name, table_name, 'NOT NULL ' || filled.attname
from candidate
inner join pg_catalog.pg_attribute as filled on candidate.oid = filled.attrelid
where filled.attnum > 0 and filled.attnotnull
    and not exists (
        select
        from pg_catalog.pg_constraint as unchecked
        where unchecked.conrelid = filled.attrelid and unchecked.contype = 'n'
            and unchecked.conkey = array[filled.attnum] and not unchecked.convalidated
    )
"""


@dataclass(frozen=True)
class Constraint:
    """A declared constraint: the table that must have it, and its definition in PostgreSQL."""

    name: str
    model: str
    table: tuple[str, str]
    type: str
    columns: Sequence[str]
    definition: str
    description: str
    #: Whether the second stage of a build makes the table.
    is_sealed: bool


def load_constraints(settings: Settings, target: str) -> list[Constraint]:
    """Return the constraints of the project, for the tables that a target writes.

    Raises:
        AssuranceError: A constraint has a type that this module cannot find in a database.
    """
    nodes = project_nodes(settings, target)
    # A foreign key names a model, and after dbt has built it, the model's table.
    tables = {node.alias: node for node in nodes} | {node.name: node for node in nodes}
    return [one for node in nodes for one in _of_model(node, tables)]


def store_constraints(
    warehouse: psycopg.Connection, build_id: int, suite: str, constraints: Sequence[Constraint]
) -> list[Constraint]:
    """Store for each constraint whether its table has it. Return those that are missing."""
    schemas = sorted({one.table[0] for one in constraints})
    in_force = {(*row,) for row in warehouse.execute(_IN_FORCE.encode(), (schemas,)).fetchall()}
    missing = [one for one in constraints if (*one.table, one.definition) not in in_force]
    evidence = [_evidence(one, ABSENT if one in missing else None) for one in constraints]
    store_evidence(warehouse, build_id, suite, evidence)
    return missing


def store_broken(
    warehouse: psycopg.Connection,
    build_id: int,
    suite: str,
    constraints: Sequence[Constraint],
    failed: Sequence[Node],
) -> None:
    """Store which constraints the rows of models break, for the models that PostgreSQL refused."""
    broken = []
    for node in failed:
        # The message names the column of a value that is missing, or the columns of a key.
        named = re.search(r'(?:in column "|Key \()([^")]+)["\)]', node.message)
        columns = named[1].split(", ") if named else None
        broken += [
            one
            for one in constraints
            if one.model == node.name
            and _BROKEN[one.type] in node.message
            and columns in (None, list(one.columns))
        ]
    store_evidence(warehouse, build_id, suite, [_evidence(one, REFUSED) for one in broken])


def _of_model(node: Any, tables: Mapping[str, Any]) -> Iterator[Constraint]:
    """Yield the constraints of a model: those of its columns, and those of the whole table."""
    if not hasattr(node, "constraints"):
        return
    declared = [
        (one, (column.name,)) for column in node.columns.values() for one in column.constraints
    ]
    declared += [(one, tuple(one.columns)) for one in node.constraints]
    for one, columns in declared:
        kind = str(getattr(one.type, "value", one.type))
        own = [name for name in columns if name not in IN_EVERY_MART] or list(columns)
        listed, named = f"({', '.join(columns)})", f"`{'`, `'.join(own)}`"
        parts = [kind, node.name, *own]
        match kind:
            case "not_null":
                definition = f"NOT NULL {columns[0]}"
                description = f"Every row has a value in {named}."
            case "primary_key":
                definition = f"PRIMARY KEY {listed}"
                description = f"Every row has a value in {named}, and no two rows have the same."
            case "unique":
                definition = f"UNIQUE {listed}"
                description = f"No two rows have the same {named}."
            case "foreign_key":
                to = tables[re.findall(r"\w+", one.to)[-1]]
                parts.append(to.name)
                definition = (
                    f"FOREIGN KEY {listed} REFERENCES "
                    f"{to.schema}.{to.alias}({', '.join(one.to_columns)})"
                )
                description = f"Every {named} is one of those in {to.alias}."
            case _:
                raise AssuranceError(
                    f"dbt model {node.name}: nothing shows whether PostgreSQL enforces a "
                    f"constraint of type {kind}. Write a data test instead."
                )
        yield Constraint(
            name=f"{'_'.join(parts)}_constraint",
            model=node.name,
            table=(node.schema, node.alias),
            type=kind,
            columns=columns,
            definition=definition,
            description=description,
            is_sealed=SEALED_TAG in node.tags,
        )


def _evidence(one: Constraint, why_not: str | None) -> tuple[Any, ...]:
    return (
        one.model,
        _DIMENSIONS[one.type],
        one.name,
        ", ".join(one.columns),
        one.description,
        "critical",
        OWNER,
        why_not is None,
        None,
        why_not,
    )
