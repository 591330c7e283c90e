"""Turn candidate tables into partitions of the published tables, which readers query.

Each candidate table is moved to the schema `generation` and attached to its published table. The
code calls the published table the parent of its partitions.
"""

from collections.abc import Mapping

import psycopg
from psycopg import sql

from oic_assurance.publishing.catalogue import Table, read_tables, referenced_first
from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.generations import Part, State, read_parts
from oic_assurance.publishing.published_tables import Tables, definition
from oic_assurance.publishing.schemas import (
    GENERATION,
    KEY,
    PUBLISHED_SCHEMAS,
    STAGES_THAT_READ,
    PublishedSchema,
)

_CHECK = "publication"


def move_and_attach(
    conn: psycopg.Connection, candidates: Mapping[PublishedSchema, Tables], publication_id: int
) -> None:
    """Turn the candidates into a publication's partitions, which readers do not see yet."""
    schemas = {schema.candidate: schema for schema in candidates}
    tables = [table for tables in candidates.values() for table in tables.values()]
    order = referenced_first(tables)
    _allow_only_hash_joins(conn)
    # The published tables have the same foreign keys, which the server checks when a table is
    # attached. The candidates' own foreign keys are dropped, because they would prevent a later
    # detachment.
    drop_foreign_keys(conn, tables)
    for table in order:
        schema = schemas[table.schema]
        _move(conn, schema, table, publication_id)
        attach(conn, schema, table.name, publication_id)


def attach(
    conn: psycopg.Connection, schema: PublishedSchema, table: str, publication_id: int
) -> None:
    """Attach one table of a generation to its published table."""
    conn.execute(
        sql.SQL("alter table {} attach partition {} for values in ({})").format(
            sql.Identifier(schema.parents, table),
            sql.Identifier(GENERATION, schema.partition(table, publication_id)),
            sql.Literal(publication_id),
        )
    )


def drop_foreign_keys(conn: psycopg.Connection, tables: list[Table]) -> None:
    """Drop the foreign keys that are defined on the tables themselves."""
    for table in tables:
        for key in table.foreign_keys:
            conn.execute(
                sql.SQL("alter table {} drop constraint {}").format(
                    sql.Identifier(table.schema, table.name), sql.Identifier(key.name)
                )
            )


def attach_again(conn: psycopg.Connection, publication_id: int) -> bool:
    """Attach the tables of a generation that retention has detached.

    Returns False if the generation's tables no longer exist.
    """
    parts = [part for part in read_parts(conn) if part.publication_id == publication_id]
    for part in parts:
        if part.state is State.PENDING:
            conn.execute(finalise(part))
    missing = {
        (part.schema.parents, part.table): part
        for part in parts
        if part.state is not State.ATTACHED
    }
    if not missing:
        return bool(parts)
    tables = read_tables(conn, GENERATION, [part.name for part in missing.values()])
    parents = [
        table
        for schema in PUBLISHED_SCHEMAS
        for table in read_tables(conn, schema.parents).values()
    ]
    _allow_only_hash_joins(conn)
    for parent in referenced_first(parents):
        if (parent.schema, parent.name) in missing:
            part = missing[parent.schema, parent.name]
            drop_foreign_keys(conn, [tables[part.name]])
            _catch_up(conn, parent, tables[part.name])
            attach(conn, part.schema, part.table, publication_id)
    return True


def finalise(part: Part) -> sql.Composed:
    """Return the statement that completes an interrupted detachment."""
    return sql.SQL("alter table {} detach partition {} finalize").format(
        part.parent, part.identifier
    )


def _allow_only_hash_joins(conn: psycopg.Connection) -> None:
    """Make the server check foreign keys only with hash joins during this transaction.

    When a table is attached, the server checks each of its foreign keys with a join. New tables
    may have no statistics yet. Without statistics the server could choose a join that compares
    every row with every other row. A hash join never does that.
    """
    conn.execute("set local enable_nestloop = off; set local enable_mergejoin = off")


def _move(
    conn: psycopg.Connection, schema: PublishedSchema, table: Table, publication_id: int
) -> None:
    name = schema.partition(table.name, publication_id)
    source = sql.Identifier(table.schema, table.name)
    target = sql.Identifier(GENERATION, name)
    statements: list[sql.Composable] = [
        # dbt gives the indexes the same names in each build. In the schema `generation`, all index
        # names must differ.
        sql.SQL("alter index {} rename to {}").format(
            sql.Identifier(table.schema, index), sql.Identifier(f"{name}__{number}")
        )
        for number, (index, _) in enumerate(table.indexes, start=1)
    ]
    statements += [
        sql.SQL("alter table {} rename to {}").format(source, sql.Identifier(name)),
        sql.SQL("alter table {} set schema {}").format(
            sql.Identifier(table.schema, name), sql.Identifier(GENERATION)
        ),
        # The role that built a table must not be able to change it after publication.
        sql.SQL("alter table {} owner to current_user").format(target),
        # Later builds are compared with this generation, which may no longer be current by then. So
        # the roles that compare get the right to read the generation's tables directly.
        sql.SQL("grant select on {} to {}").format(
            target, sql.SQL(", ").join(map(sql.Identifier, STAGES_THAT_READ))
        ),
        # With this constraint, the server does not need to read the rows when it attaches the
        # table.
        sql.SQL("alter table {} add constraint {} check ({} = {})").format(
            target, sql.Identifier(_CHECK), sql.Identifier(KEY), sql.Literal(publication_id)
        ),
    ]
    try:
        conn.execute(sql.SQL("; ").join(statements))
    except psycopg.errors.CheckViolation as error:
        raise NotPublishableError(
            f"{table.place} holds rows of another publication than {publication_id}"
        ) from error


def _catch_up(conn: psycopg.Connection, parent: Table, table: Table) -> None:
    """Add to a detached table the columns that its published table got after the detachment.

    A table can be attached only if it has every column of the published table.
    """
    for column in parent.columns:
        if table.column(column.name) is None:
            conn.execute(
                sql.SQL("alter table {} add column {}").format(
                    sql.Identifier(table.schema, table.name), definition(column, not_null=False)
                )
            )
