"""Create the raw tables from the declarations.

Each raw table is append-only: landing adds rows and does not change them. Each row is one version
of a record.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
from psycopg import sql

from oic_assurance.errors import AssuranceError
from oic_assurance.landing import checks
from oic_assurance.sources.databases.postgres import hash_of, is_given
from oic_assurance.sources.declarations.model import PROVENANCE, Column, Dataset, Table
from oic_assurance.warehouse.rows import find_row, one_value, relation_exists

#: If a load into an empty table has at least this many rows, the table is filled first and indexed
#: afterwards.
MANY_ROWS = 20_000


def raw_name(dataset: Dataset, table: Table) -> sql.Identifier:
    """Return the raw table's name for use in a statement."""
    return sql.Identifier(dataset.raw_schema, table.name)


def raw_table_exists(connection: psycopg.Connection, dataset: Dataset, table: Table) -> bool:
    """Tell whether a raw table exists. The first landing of its dataset creates it."""
    return relation_exists(connection, f"{dataset.raw_schema}.{table.name}")


def ensure_raw_table(connection: psycopg.Connection, dataset: Dataset, table: Table) -> None:
    """Create a raw table, or add the columns that are new in its declaration.

    Raises:
        AssuranceError: The declaration gives an existing column another type.
    """
    wanted = dataset.content_columns(table)
    found = existing_columns(connection, dataset, table)
    if not found:
        _create(connection, dataset, table, wanted)
        return
    if _minimise(connection, dataset, table, found):
        found = existing_columns(connection, dataset, table)
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
                f"{dataset.name}: column {name} of the raw table {dataset.raw_schema}.{table.name} "
                f"has the type {found[name]}, but it is declared as {kind}. Declare it under "
                "another name."
            )


def _minimise(
    connection: psycopg.Connection, dataset: Dataset, table: Table, found: dict[str, str]
) -> bool:
    """Remove from a raw table the values that the present declaration no longer extracts.

    Three kinds of columns change. If a column is now declared with `presence`, its text is replaced
    with true or false. A column that is listed in `never_extracted` is dropped. In a column that is
    declared with `otherwise` or `otherwise_from`, a text that breaks its rules is replaced. Views
    on a removed column are dropped with it, and the next build creates them again. The fingerprints
    of the rows are computed again, so that an unchanged record gets no new version. These changes
    rewrite the table's file, so nothing of the removed values is left in it.

    Return whether anything was removed.
    """
    texts = [name for name in table.presences if found.get(name) == "text"]
    dropped = [name for name in dataset.place.never_extracted if name in found]
    replaced = [c for c in table.replaced if _has_broken(connection, dataset, table, c, found)]
    if not texts and not dropped and not replaced:
        return False
    for column in replaced:
        _replace_texts(connection, dataset, table, column)
    for name in texts:
        given = is_given(sql.Identifier(name))
        value = sql.SQL("case when not is_tombstone then {} end").format(given)
        _replace(connection, dataset, table, name, "boolean", value)
    for name in dropped:
        connection.execute(
            sql.SQL("alter table {} drop column {} cascade").format(
                raw_name(dataset, table), sql.Identifier(name)
            )
        )
    content = [
        sql.Identifier(name) if name in found else sql.SQL("null::{}").format(_type(kind))
        for name, kind in dataset.content_columns(table).items()
        if name in table.names or not name.endswith("_text")
    ]
    fingerprint = sql.SQL("case when row_fingerprint is not null then to_hex({}) end").format(
        hash_of(content)
    )
    _replace(connection, dataset, table, "row_fingerprint", "text", fingerprint)
    return True


def _has_broken(
    connection: psycopg.Connection,
    dataset: Dataset,
    table: Table,
    column: Column,
    found: dict[str, str],
) -> bool:
    """Tell whether a column has a text that landing would replace today."""
    read = [name for name in (column.name, column.otherwise_from) if name is not None]
    return set(read) <= set(found) and bool(
        one_value(
            connection,
            sql.SQL(
                "select exists (select from (select distinct {} from {}) as s where {} <> {})"
            ).format(
                sql.SQL(", ").join(map(sql.Identifier, read)),
                raw_name(dataset, table),
                sql.Identifier("s", column.name),
                checks.landed_text(table, column, "s"),
            ),
        )
    )


def _replace_texts(
    connection: psycopg.Connection, dataset: Dataset, table: Table, column: Column
) -> None:
    """Replace the texts of a column that landing would replace today, and the keys with them.

    A key holds a moment as text, which no generated column can compute. So the owner of the table
    lets itself update it for the time being. If two rows of a batch have the same key then, the
    first one stays, as in landing.
    """
    raw = raw_name(dataset, table)
    given = sql.Identifier("s", column.name)
    landed = checks.landed_text(table, column, "s")
    values = {"raw": raw, "given": given, "landed": landed, "column": sql.Identifier(column.name)}
    key = [landed if n == column.name else sql.Identifier("s", n) for n in table.key]
    values["key"] = checks.key_text(key)
    connection.execute(sql.SQL("grant update, delete on {} to current_user").format(raw))
    if column.name in table.key:
        connection.execute(
            sql.SQL(
                """
                delete from {raw} as r
                using (
                    select s.ctid as place, row_number() over (
                        partition by s.force_code, {key}, s.version_at, s.batch_id
                        order by s.row_number, s.row_key
                    ) as repeat
                    from {raw} as s
                ) as s
                where r.ctid = s.place and s.repeat > 1
                """
            ).format(**values)
        )
    connection.execute(
        sql.SQL(
            "update {raw} as s set {column} = {landed}{row_key} where {given} <> {landed}"
        ).format(
            **values,
            row_key=sql.SQL(", row_key = {}").format(values["key"])
            if column.name in table.key
            else sql.SQL(""),
        )
    )
    connection.execute(sql.SQL("revoke update, delete on {} from current_user").format(raw))


def _replace(
    connection: psycopg.Connection,
    dataset: Dataset,
    table: Table,
    column: str,
    kind: str,
    value: sql.Composable,
) -> None:
    """Replace a column of a raw table with a computed one, and drop the views on the old column.

    The table may not be updated, so a generated column is the only way to fill the new column.
    """
    raw, old, new = raw_name(dataset, table), sql.Identifier(column), sql.Identifier("replacement")
    for statement in (
        sql.SQL("alter table {raw} add column {new} {kind} generated always as ({value}) stored"),
        sql.SQL("alter table {raw} alter column {new} drop expression"),
        sql.SQL("alter table {raw} drop column {old} cascade"),
        sql.SQL("alter table {raw} rename {new} to {old}"),
    ):
        connection.execute(
            statement.format(raw=raw, old=old, new=new, kind=_type(kind), value=value)
        )
    _comment(connection, dataset, table, column)


def existing_columns(
    connection: psycopg.Connection, dataset: Dataset, table: Table
) -> dict[str, str]:
    """Return the type of each column of a raw table. Empty if the table does not exist."""
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
    # The table is append-only even for its owner, the role that fills it.
    connection.execute(sql.SQL("revoke update, delete on {} from current_user").format(name))
    _create_indexes(connection, dataset, table)


def _create_indexes(connection: psycopg.Connection, dataset: Dataset, table: Table) -> None:
    name = raw_name(dataset, table)
    # One batch inserts at most one version of a key for one moment. Queries for the state of a key
    # use the order of this index.
    connection.execute(
        sql.SQL("create unique index {} on {} (force_code, row_key, version_at, batch_id)").format(
            sql.Identifier(f"{table.name}_version"), name
        )
    )
    # The rows of a batch lie next to each other on disk, so this small index (BRIN) is enough to
    # find them.
    connection.execute(
        sql.SQL("create index {} on {} using brin (batch_id)").format(
            sql.Identifier(f"{table.name}_batch"), name
        )
    )


@contextmanager
def bulk_fill(
    connection: psycopg.Connection, dataset: Dataset, table: Table, rows: int
) -> Iterator[bool]:
    """Fill an empty raw table without its indexes, and create the indexes at the end of the block.

    Creating an index with one sort is twice as fast as adding an index entry for each row. The
    table is also truncated, so that a server with `wal_level = minimal` need not log the new rows.
    The truncation locks the table until the commit, and a query on the table waits that long. This
    is acceptable, because before the commit the table has no rows that a query could read.

    If the table already has rows, for example from another force, or if fewer than `MANY_ROWS` rows
    are loaded, it keeps its indexes and is not truncated.

    Yield whether the table was truncated. Only then can `copy` use its option `freeze`.
    """
    name = raw_name(dataset, table)
    if rows < MANY_ROWS or _has_rows(connection, name):
        yield False
        return
    # Another force can be committing rows. Once the table is locked, they can be seen.
    connection.execute(sql.SQL("lock table {} in access exclusive mode").format(name))
    if _has_rows(connection, name):
        yield False
        return
    connection.execute(sql.SQL("truncate {}").format(name))
    for index in (f"{table.name}_version", f"{table.name}_batch"):
        connection.execute(
            sql.SQL("drop index {}").format(sql.Identifier(dataset.raw_schema, index))
        )
    yield True
    _create_indexes(connection, dataset, table)


def can_add_provenance(connection: psycopg.Connection, dataset: Dataset, table: Table) -> bool:
    """Tell whether a raw table can add provenance itself: it has no row, and no view reads it."""
    return not _has_rows(connection, raw_name(dataset, table)) and not one_value(
        connection,
        """
        select exists (
            select from pg_catalog.pg_depend
            where refobjid = to_regclass(%s) and classid = 'pg_catalog.pg_rewrite'::regclass
        )
        """,
        (f"{dataset.raw_schema}.{table.name}",),
    )


@contextmanager
def adds_provenance(
    connection: psycopg.Connection,
    dataset: Dataset,
    table: Table,
    constants: Mapping[str, sql.Composable],
    fingerprint: sql.Composable,
) -> Iterator[None]:
    """Let an empty raw table add provenance to the rows that are copied into it in this block.

    The rows need only their content, their row number and their key. `constants` maps the columns
    of provenance that are the same in all rows to their values. `fingerprint` is the SQL expression
    with which the table computes the fingerprint of a row.

    No column can become a computed one. So the table gets a new column for the fingerprint, and new
    ones for the columns after it, so that all columns keep their order.
    """
    name = raw_name(dataset, table)
    names = list(PROVENANCE)
    new = names[names.index("row_fingerprint") :]
    computed = sql.SQL("generated always as ({}) stored").format(fingerprint)
    connection.execute(
        sql.SQL("alter table {} {}").format(
            name,
            sql.SQL(", ").join(
                [
                    *(sql.SQL("drop column {}").format(sql.Identifier(column)) for column in new),
                    *(
                        sql.SQL("add column {} {} {}").format(
                            sql.Identifier(column),
                            _type(PROVENANCE[column]),
                            computed if column == "row_fingerprint" else sql.SQL(""),
                        )
                        for column in new
                    ),
                    *(
                        sql.SQL("alter {} set default {}").format(sql.Identifier(column), value)
                        for column, value in constants.items()
                    ),
                ]
            ),
        )
    )
    for column in new:
        _comment(connection, dataset, table, column)
    yield
    connection.execute(
        sql.SQL("alter table {} alter row_fingerprint drop expression, {}").format(
            name,
            sql.SQL(", ").join(
                sql.SQL("alter {} drop default").format(sql.Identifier(column))
                for column in constants
            ),
        )
    )


def _has_rows(connection: psycopg.Connection, name: sql.Identifier) -> bool:
    return find_row(connection, sql.SQL("select from {} limit 1").format(name)) is not None


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
