"""Replace earlier keys with new keys in tables, and prove that nothing else changed."""

import re
from collections.abc import Mapping, Sequence

import psycopg
from psycopg import sql

from oic_assurance.operations.pseudonyms.key_changes import read_changes

#: A string that can be a pseudonym or a key derived from one.
TOKEN = re.compile(r"[0-9a-f]{32}")
TOKEN_IN_BYTES = re.compile(rb"[0-9a-f]{32}")
_TEXT_COLUMNS = """
select a.attname
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = %s and c.relname = %s
    and a.atttypid in ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)
order by a.attnum
"""
_KEYED = """
select distinct held.name
from {table} as t
cross join lateral (values {values}) as held (name, value)
inner join identity.key_change as k on k.old_key = held.value
"""
_IS_HELD = "{column} in (select k.old_key from identity.key_change as k)"
_NEW_VALUE = """
coalesce((select k.new_key from identity.key_change as k where k.old_key = {column}), {column})
"""
_EARLIER_VALUE = """
coalesce((select k.old_key from identity.key_change as k where k.new_key = {column}), {column})
"""
#: Text columns that contain keys among other words: the table, its key columns, and the text
#: column.
_TEXTS = (
    ("failing_row", ("result_id", "position"), "row_key"),
    ("expectation_result", ("result_id",), "observed"),
)


def keyed_columns(connection: psycopg.Connection, schema: str, name: str) -> list[str]:
    """Return the columns of a table that contain an earlier key, whatever their names."""
    columns = [row[0] for row in connection.execute(_TEXT_COLUMNS, (schema, name)).fetchall()]
    if not columns:
        return []
    pairs = [
        sql.SQL("({}, t.{}::text)").format(sql.Literal(column), sql.Identifier(column))
        for column in columns
    ]
    query = sql.SQL(_KEYED).format(
        table=sql.Identifier(schema, name), values=sql.SQL(", ").join(pairs)
    )
    held = {row[0] for row in connection.execute(query).fetchall()}
    return [column for column in columns if column in held]


def replace_keys(
    connection: psycopg.Connection, table: sql.Identifier, columns: Sequence[str]
) -> None:
    """Replace the earlier keys in the given columns of a table."""
    values = [
        sql.SQL("{} = {}").format(sql.Identifier(column), _expression(_NEW_VALUE, column))
        for column in columns
    ]
    connection.execute(
        sql.SQL("update {} as t set {} where {}").format(
            table, sql.SQL(", ").join(values), _holds(columns)
        )
    )


def copy_rows_with_new_keys(
    connection: psycopg.Connection, table: sql.Identifier, columns: Sequence[str]
) -> None:
    """Add a copy with new keys of each row that has an earlier key.

    Rows of other tables that refer to such a row can then be changed to refer to the copy.
    """
    head = connection.execute(sql.SQL("select * from {} limit 0").format(table)).description or ()
    names = [column.name for column in head]
    values = [
        _expression(_NEW_VALUE, name) if name in columns else sql.Identifier("t", name)
        for name in names
    ]
    connection.execute(
        sql.SQL("insert into {} ({}) select {} from {} as t where {}").format(
            table,
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(values),
            table,
            _holds(columns),
        )
    )


def delete_rows_with_earlier_keys(
    connection: psycopg.Connection, table: sql.Identifier, columns: Sequence[str]
) -> None:
    """Delete the rows that have an earlier key, after `copy_rows_with_new_keys`."""
    connection.execute(sql.SQL("delete from {} as t where {}").format(table, _holds(columns)))


def earlier_values(columns: Sequence[str]) -> dict[str, sql.Composable]:
    """Return, for each column, the SQL expression that turns new keys back into earlier ones."""
    return {
        column: sql.SQL(_EARLIER_VALUE).format(column=sql.Identifier(column)) for column in columns
    }


def replace_keys_in_texts(connection: psycopg.Connection) -> None:
    """Replace the earlier keys in the texts of `audit` that name the rows that fail a check."""
    changes = read_changes(connection)
    for table, key, text in _TEXTS:
        rows = connection.execute(
            sql.SQL("select {}::text, {} from {} where {}::text ~ '[0-9a-f]{{32}}'").format(
                sql.Identifier(text),
                sql.SQL(", ").join(map(sql.Identifier, key)),
                sql.Identifier("audit", table),
                sql.Identifier(text),
            )
        ).fetchall()
        changed = [
            (now, *row_key) for was, *row_key in rows if (now := with_new_keys(was, changes)) != was
        ]
        with connection.cursor() as cursor:
            cursor.executemany(
                sql.SQL("update {} set {} = %s where ({}) = ({})").format(
                    sql.Identifier("audit", table),
                    sql.Identifier(text),
                    sql.SQL(", ").join(map(sql.Identifier, key)),
                    sql.SQL(", ").join([sql.Placeholder()] * len(key)),
                ),
                changed,
            )


def with_new_keys(text: str, changes: Mapping[str, str]) -> str:
    """Return a text with each earlier key replaced."""
    return TOKEN.sub(lambda match: changes.get(match.group(), match.group()), text)


def _holds(columns: Sequence[str]) -> sql.Composed:
    parts = [sql.SQL(_IS_HELD).format(column=sql.Identifier("t", column)) for column in columns]
    return sql.SQL(" or ").join(parts)


def _expression(template: str, column: str) -> sql.Composed:
    return sql.SQL(template).format(column=sql.Identifier("t", column))
