"""The raw tables: append-only, one row a version, made from the declarations."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from oic_assurance.errors import AssuranceError
from oic_assurance.sources.declarations.model import PROVENANCE, Dataset, Table

#: From how many on a table is filled first and indexed afterwards.
MANY_ROWS = 20_000


def raw_name(dataset: Dataset, table: Table) -> sql.Identifier:
    """Return the raw table's name for use in a statement."""
    return sql.Identifier(dataset.raw_schema, table.name)


def content_columns(dataset: Dataset, table: Table) -> dict[str, str]:
    """Return the columns that hold what the source said, with their types."""
    return dataset.content_columns(table)


def is_there(connection: psycopg.Connection, dataset: Dataset, table: Table) -> bool:
    """Tell whether a raw table was made: landing makes it the first time."""
    row = connection.execute(
        "select to_regclass(%s)", (f"{dataset.raw_schema}.{table.name}",)
    ).fetchone()
    return row is not None and row[0] is not None


def ensure_raw_table(connection: psycopg.Connection, dataset: Dataset, table: Table) -> None:
    """Make a raw table, or bring it up to its declaration: a newly declared column is added."""
    wanted = content_columns(dataset, table)
    found = _columns_found(connection, dataset, table)
    if not found:
        _create(connection, dataset, table, wanted)
        return
    for name, kind in wanted.items():
        if name not in found:
            connection.execute(
                sql.SQL("alter table {} add column {} {}").format(
                    raw_name(dataset, table), sql.Identifier(name), _type(kind)
                )
            )
            _comment(connection, dataset, table, name)
        elif found[name] != kind:
            raise AssuranceError(
                f"{dataset.name}: the raw table {dataset.raw_schema}.{table.name} holds {name} as "
                f"{found[name]} but the declaration says {kind}: declare it under another name."
            )


def _columns_found(
    connection: psycopg.Connection, dataset: Dataset, table: Table
) -> dict[str, str]:
    rows = connection.execute(
        """
        select a.attname, format_type(a.atttypid, a.atttypmod)
        from pg_catalog.pg_attribute as a
        where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped
        """,
        (f"{dataset.raw_schema}.{table.name}",),
    ).fetchall()
    short = {"timestamp with time zone": "timestamptz"}
    return {str(name): short.get(str(kind), str(kind)) for name, kind in rows}


def _create(
    connection: psycopg.Connection, dataset: Dataset, table: Table, wanted: dict[str, str]
) -> None:
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(name), _type(kind))
        for name, kind in (wanted | PROVENANCE).items()
    ]
    name = raw_name(dataset, table)
    connection.execute(sql.SQL("create table {} ({})").format(name, sql.SQL(", ").join(columns)))
    connection.execute(
        sql.SQL("comment on table {} is {}").format(name, sql.Literal(table.description))
    )
    for column in wanted | PROVENANCE:
        _comment(connection, dataset, table, column)
    # Append-only for whoever fills it too: the owner has to do without these like everybody else.
    connection.execute(sql.SQL("revoke update, delete on {} from current_user").format(name))
    _create_indexes(connection, dataset, table)


def _create_indexes(connection: psycopg.Connection, dataset: Dataset, table: Table) -> None:
    name = raw_name(dataset, table)
    # At most one version of a key at a moment from one batch; the order in which states are sought.
    connection.execute(
        sql.SQL("create unique index {} on {} (force_code, row_key, version_at, batch_id)").format(
            sql.Identifier(f"{table.name}_version"), name
        )
    )
    # A batch's rows lie together, so a few bytes are enough to find them.
    connection.execute(
        sql.SQL("create index {} on {} using brin (batch_id)").format(
            sql.Identifier(f"{table.name}_batch"), name
        )
    )


@contextmanager
def filled_at_once(
    connection: psycopg.Connection, dataset: Dataset, table: Table, rows: int
) -> Iterator[bool]:
    """Let an empty raw table be filled without its indexes, which are made when it is full.

    To sort once is twice as fast as to find each row's place, and what goes into a table that was
    emptied in the same transaction need not be logged where the server is set up so. Nobody can
    read the table meanwhile, but there is nothing in it. For few `rows` it is not worth while, and
    a table that holds another force's rows is left as it is. Gives whether it was emptied, so that
    rows can be copied in frozen.
    """
    name = raw_name(dataset, table)
    if (
        rows < MANY_ROWS
        or connection.execute(sql.SQL("select from {} limit 1").format(name)).fetchone() is not None
    ):
        yield False
        return
    connection.execute(sql.SQL("truncate {}").format(name))
    for index in (f"{table.name}_version", f"{table.name}_batch"):
        connection.execute(
            sql.SQL("drop index {}").format(sql.Identifier(dataset.raw_schema, index))
        )
    yield True
    _create_indexes(connection, dataset, table)


def _comment(connection: psycopg.Connection, dataset: Dataset, table: Table, column: str) -> None:
    connection.execute(
        sql.SQL("comment on column {}.{} is {}").format(
            raw_name(dataset, table),
            sql.Identifier(column),
            sql.Literal(dataset.describe(table, column)),
        )
    )


def _type(kind: str) -> sql.SQL:
    return sql.SQL(kind)
