"""A candidate becomes a partition: moved among the generations, then attached to its parent."""

from collections.abc import Mapping

import psycopg
from psycopg import sql

from oic_assurance.publishing.catalogue import Table, read_tables, referenced_first
from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.generations import Part, State, read_parts
from oic_assurance.publishing.parents import Tables, definition
from oic_assurance.publishing.schemas import FACES, GENERATION, KEY, STAGES_THAT_READ, Face

_CHECK = "publication"


def move_and_attach(
    conn: psycopg.Connection, candidates: Mapping[Face, Tables], publication_id: int
) -> None:
    """Turn the candidates into the partitions of a publication; readers do not see them yet."""
    faces = {face.candidate: face for face in candidates}
    tables = [table for tables in candidates.values() for table in tables.values()]
    order = referenced_first(tables)
    _expect_no_statistics(conn)
    # The parents have these keys and check them; a partition's own would hold on to the generation.
    drop_foreign_keys(conn, tables)
    for table in order:
        face = faces[table.schema]
        _move(conn, face, table, publication_id)
        attach(conn, face, table.name, publication_id)


def attach(conn: psycopg.Connection, face: Face, table: str, publication_id: int) -> None:
    """Attach one table of a generation to its parent."""
    conn.execute(
        sql.SQL("alter table {} attach partition {} for values in ({})").format(
            sql.Identifier(face.parents, table),
            sql.Identifier(GENERATION, face.partition(table, publication_id)),
            sql.Literal(publication_id),
        )
    )


def drop_foreign_keys(conn: psycopg.Connection, tables: list[Table]) -> None:
    """Drop the foreign keys that tables hold of their own."""
    for table in tables:
        for key in table.foreign_keys:
            conn.execute(
                sql.SQL("alter table {} drop constraint {}").format(
                    sql.Identifier(table.schema, table.name), sql.Identifier(key.name)
                )
            )


def attach_again(conn: psycopg.Connection, publication_id: int) -> bool:
    """Attach what retention has detached of a generation; tell whether the generation is there."""
    parts = [part for part in read_parts(conn) if part.publication_id == publication_id]
    for part in parts:
        if part.state is State.PENDING:
            conn.execute(finalise(part))
    loose = {
        (part.face.parents, part.table): part for part in parts if part.state is not State.ATTACHED
    }
    if not loose:
        return bool(parts)
    tables = read_tables(conn, GENERATION, [part.name for part in loose.values()])
    parents = [table for face in FACES for table in read_tables(conn, face.parents).values()]
    _expect_no_statistics(conn)
    for parent in referenced_first(parents):
        if (parent.schema, parent.name) in loose:
            part = loose[parent.schema, parent.name]
            drop_foreign_keys(conn, [tables[part.name]])
            _catch_up(conn, parent, tables[part.name])
            attach(conn, part.face, part.table, publication_id)
    return True


def finalise(part: Part) -> sql.Composed:
    """Return the statement that ends a detachment which was begun and interrupted."""
    return sql.SQL("alter table {} detach partition {} finalize").format(
        part.parent, part.identifier
    )


def _expect_no_statistics(conn: psycopg.Connection) -> None:
    """Keep the server from a bad plan when it checks foreign keys, for this transaction.

    Attaching checks each by a join. Tables this new may have no statistics, and then only a hash
    join is sure not to compare every row with every other.
    """
    conn.execute("set local enable_nestloop = off; set local enable_mergejoin = off")


def _move(conn: psycopg.Connection, face: Face, table: Table, publication_id: int) -> None:
    name = face.partition(table.name, publication_id)
    source = sql.Identifier(table.schema, table.name)
    target = sql.Identifier(GENERATION, name)
    statements: list[sql.Composable] = [
        # dbt's names are those of its build; among the generations they must be unique.
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
        # What is published is out of the reach of whoever built it.
        sql.SQL("alter table {} owner to current_user").format(target),
        # Who computes what changed since reads this very generation, whichever readers see by then.
        sql.SQL("grant select on {} to {}").format(
            target, sql.SQL(", ").join(map(sql.Identifier, STAGES_THAT_READ))
        ),
        # With this in place, attaching need not read the rows.
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
    """Give a table that was detached the columns that its parent got meanwhile."""
    for column in parent.columns:
        if table.column(column.name) is None:
            conn.execute(
                sql.SQL("alter table {} add column {}").format(
                    sql.Identifier(table.schema, table.name), definition(column, not_null=False)
                )
            )
