"""Content fingerprints of tables: hashes for comparing the content of two tables.

Tables with the same columns and rows have the same fingerprint. The order of the rows and of the
columns does not matter.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from oic_assurance.warehouse.rows import one_row

#: Session settings under which PostgreSQL writes a value as the same text for every login.
_WRITTEN = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}

_COLUMNS = """
select c.relname,
    array_remove(array_agg(a.attname::text order by a.attname collate "C"), null),
    array_remove(
        array_agg(format_type(a.atttypid, a.atttypmod) order by a.attname collate "C"), null
    )
from pg_catalog.pg_class as c
left join pg_catalog.pg_attribute as a
    on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attname <> all(%(exclude)s)
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
    and (c.relkind in ('r', 'p') or (c.relkind = 'v' and %(only)s::text[] is not null))
    and (not c.relispartition or %(only)s::text[] is not null)
    and (%(only)s::text[] is null or c.relname = any(%(only)s))
group by c.relname
order by c.relname collate "C"
"""

# The columns of a table, the last one first.
_LAST_COLUMNS = """
select a.attname::text
from pg_catalog.pg_attribute as a
where a.attrelid = format('%%I.%%I', %s::text, %s::text)::regclass
    and a.attnum > 0 and not a.attisdropped
order by a.attnum desc
"""

# The first 128 bits of each row's hash are used as two 64-bit numbers. The query adds up the first
# numbers of all rows, and separately their second numbers.
# - A sum does not depend on the order of the rows. Unlike xor, a sum changes with duplicate rows.
# - `row(…)::text` quotes values, and writes null and an empty string differently.
# - `offset 0` keeps the planner from computing the hash of a row twice, once for each number.
_SUMS = """
select count(*),
    coalesce(sum(('x' || encode(substr(h, 1, 8), 'hex'))::bit(64)::bigint), 0)::text,
    coalesce(sum(('x' || encode(substr(h, 9, 8), 'hex'))::bit(64)::bigint), 0)::text
from (
    select sha256(convert_to(row({columns})::text, 'UTF8')) as h from {table} offset 0
) as hashed
"""


@dataclass(frozen=True)
class TableFingerprint:
    """The number of rows of a table, and the SHA-256 digest of its columns and rows."""

    rows: int
    fingerprint: str


def fingerprint_tables(
    conn: psycopg.Connection,
    schema: str,
    exclude: Sequence[str] = ("publication_id",),
    *,
    only: Sequence[str] | None = None,
    values: Mapping[str, sql.Composable] | None = None,
) -> dict[str, TableFingerprint]:
    """Return the fingerprints of the tables in a schema, keyed by table name.

    Two tables have the same fingerprint if they have the same columns (name and type) and the same
    rows.

    - The columns in `exclude` are left out. By default this is the publication ID, so that the same
      content has the same fingerprint in every publication.
    - Floating-point numbers are compared to the last bit, because PostgreSQL writes them exactly.
    - For a partitioned table, only the rows that the login may see count. For a reader, these are
      the rows of the current generation.
    - `only` limits the result to the tables that it names. A partition or a view is included only
      if `only` names it.
    - `values` maps columns to SQL expressions that are hashed instead of the columns' values.
    - The server reads each table once.
    """
    with written_alike(conn):
        asked = {
            "schema": schema,
            "exclude": list(exclude),
            "only": None if only is None else list(only),
        }
        tables = conn.execute(_COLUMNS, asked).fetchall()
        return {
            name: _fingerprint(conn, schema, name, columns, types, values or {})
            for name, columns, types in tables
        }


def added_later(
    conn: psycopg.Connection, schema: str, table: str, audited: TableFingerprint
) -> list[str]:
    """Return the last columns of a table, which it got without a value after its audit.

    When a mart gets a column, the tables of earlier publications get it too, as their last column
    and empty. Without these columns, the table must have the fingerprint of its audit. Otherwise
    the table is another one than was audited, and the answer is empty.
    """
    found: list[str] = []
    for (column,) in conn.execute(_LAST_COLUMNS, (schema, table)).fetchall():
        query = sql.SQL("select exists (select from {} where {} is not null)").format(
            sql.Identifier(schema, table), sql.Identifier(column)
        )
        if one_row(conn, query, what=f"values of {schema}.{table}.{column}")[0]:
            return []
        found.append(column)
        exclude = ("publication_id", *found)
        if fingerprint_tables(conn, schema, exclude, only=[table])[table] == audited:
            return found
    return []


def fingerprint_audited(
    conn: psycopg.Connection, schema: str, audited: Mapping[str, TableFingerprint]
) -> dict[str, TableFingerprint]:
    """Return the fingerprints of tables over the columns that were audited, keyed by table name.

    `audited` has the fingerprint that each table should have. A column that a later version of the
    rules has added to a table does not count. A table that does not exist has no fingerprint.
    """
    found = fingerprint_tables(conn, schema, only=list(audited))
    for name, now in found.items():
        if now != audited[name] and added_later(conn, schema, name, audited[name]):
            found[name] = audited[name]
    return found


@contextmanager
def written_alike(conn: psycopg.Connection) -> Iterator[None]:
    """Make PostgreSQL write every value as the same text for every login, during the block.

    The block runs in a transaction that is rolled back, so it must only read.
    """
    # The rollback restores the earlier settings of the session.
    with conn.transaction(force_rollback=True):
        for name, value in _WRITTEN.items():
            conn.execute("select set_config(%s, %s, true)", (name, value))
        yield


def content_fingerprint(tables: Mapping[str, TableFingerprint]) -> str:
    """Return one digest of the names and fingerprints of tables, whose order does not matter."""
    lines = (f"{name} {tables[name].rows} {tables[name].fingerprint}" for name in sorted(tables))
    return _digest(lines)


def _fingerprint(
    conn: psycopg.Connection,
    schema: str,
    name: str,
    columns: list[str],
    types: list[str],
    values: Mapping[str, sql.Composable],
) -> TableFingerprint:
    query = sql.SQL(_SUMS).format(
        columns=sql.SQL(", ").join(
            values.get(column, sql.Identifier(column)) for column in columns
        ),
        table=sql.Identifier(schema, name),
    )
    rows, high, low = one_row(conn, query, what=f"fingerprint of {schema}.{name}")
    head = (f"{column} {type_}" for column, type_ in zip(columns, types, strict=True))
    return TableFingerprint(rows, _digest((*head, f"{rows} {high} {low}")))


def _digest(lines: Iterable[str]) -> str:
    text = "\n".join(lines)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
