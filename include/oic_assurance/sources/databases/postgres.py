"""Read one table of a PostgreSQL source in one snapshot, as a binary COPY stream."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg import sql
from psycopg.sql import SQL, Composable, Composed, Identifier

from oic_assurance.sources.databases.change_counts import ChangeCounts
from oic_assurance.sources.databases.copy_out import stream_copy
from oic_assurance.sources.databases.errors import ContractBroken, source_error
from oic_assurance.sources.databases.source import KeySum, SourceDigest
from oic_assurance.sources.declarations.model import BLANKS, Column, ColumnType, Dataset, Table
from oic_assurance.sources.declarations.protected import undeclared_markings

#: For each declared type, the PostgreSQL types that fit it, as `format_type` names them. Narrower
#: types fit too.
_TYPES = {
    "text": ("text", "character varying", "character"),
    "bigint": ("bigint", "integer", "smallint"),
    "integer": ("integer", "smallint"),
    "boolean": ("boolean",),
    "date": ("date",),
    "timestamptz": ("timestamp with time zone",),
    "numeric": ("numeric", "bigint", "integer", "smallint"),
}


class PostgresTable:
    """One table of a PostgreSQL database in one snapshot."""

    copy_format: Literal["binary", "text"] = "binary"

    def __init__(
        self,
        connection: psycopg.Connection,
        dataset: Dataset,
        change_counts: ChangeCounts | None = None,
    ) -> None:
        self.change_counts = change_counts
        self._connection = connection
        self._dataset = dataset
        self._place = dataset.database
        self._table = dataset.tables[0]
        self._name = Identifier(self._place.schema, self._place.table)
        self._key = typed(self._table)[self._table.names.index(self._table.key[0])]
        self._cursor = Identifier("r", self._place.cursor)
        #: Always empty: declarations use PostgreSQL's types, so every value fits its type.
        self.notes: dict[str, dict[str, int]] = {}

    def check_columns(self) -> list[str]:
        """Compare the columns with the declaration, and return the names of undeclared columns.

        Raises:
            ContractBroken: The table or a declared column is missing, or a column has another type.
        """
        found = self._columns_found()
        name = self._dataset.name
        if not found:
            raise ContractBroken(f"{name}: there is no table {self._place} in the source.")
        missing = [column for column in self._table.names if column not in found]
        if missing:
            raise ContractBroken(f"{name}: {self._place} has no column {', '.join(missing)}.")
        for column in self._table.columns:
            kind = found[column.name]
            declared = source_type(column)
            if kind not in _TYPES[declared]:
                raise ContractBroken(
                    f"{name}: {self._place}.{column.name} is {kind}, but {declared} is declared."
                )
        expected = {*self._table.names, *self._place.never_extracted}
        check_markings(self._dataset, found, expected)
        return [column for column in found if column not in expected]

    def _columns_found(self) -> dict[str, str]:
        # The query reads pg_catalog, because information_schema hides the columns that this login
        # may not read. It asks for types without their lengths: `timestamp(3) with time zone` has
        # its length in the middle of the name.
        rows = self._ask(
            SQL(
                """
                select a.attname, format_type(a.atttypid, null)
                from pg_catalog.pg_attribute as a
                inner join pg_catalog.pg_class as c on a.attrelid = c.oid
                inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
                where n.nspname = %s and c.relname = %s and c.relkind in ('r', 'p', 'v', 'm', 'f')
                    and a.attnum > 0 and not a.attisdropped
                order by a.attnum
                """
            ),
            (self._place.schema, self._place.table),
        )
        return dict(rows)

    def digest(self, since: datetime | None, keys: KeySum | None = None) -> SourceDigest:
        """Return a digest of the table, computed inside the source.

        With `since`, the digest also covers the content of the window: the rows changed at or after
        that moment. `keys` is the sum of the keys, if it is already known. In that case the keys
        are not read.
        """
        [(rows, total, newest, taken_at)] = self._ask(
            SQL("select {sum}, max({cursor}), now() from {name} as r").format(
                sum=self._sum() if keys is None else SQL("null, null"),
                cursor=self._cursor,
                name=self._name,
            )
        )
        return SourceDigest(
            keys or KeySum(int(rows), int(total)),
            newest,
            self.window(since) if since else None,
            taken_at,
            is_added_up=keys is None,
        )

    def _sum(self) -> Composed:
        return SQL("count(*), coalesce(sum({}), 0)").format(hash_of([self._key, self._cursor]))

    def window(self, since: datetime) -> str:
        """Return a digest of the content of the rows changed at or after a moment."""
        [(text,)] = self._ask(
            SQL(
                "select count(*) || ':' || coalesce(sum({content}), 0) from {name} as r"
                " where {since} and {admitted}"
            ).format(
                content=hash_of(typed(self._table)),
                name=self._name,
                since=self._changed_since(since),
                admitted=self._admitted(),
            )
        )
        return str(text)

    def refused_keys(self) -> list[str]:
        """Return the keys of rows whose protective marking is not admitted. Reads only the keys."""
        if self._place.marking is None:
            return []
        rows = self._ask(
            SQL("select {}::text from {} as r where not {} order by 1").format(
                self._key, self._name, self._admitted()
            )
        )
        return [key for (key,) in rows]

    def changed_since(self, moment: datetime | None) -> Composed:
        """Return the query for the rows changed at or after `moment`.

        Without a moment, the query reads all rows.
        """
        return self._rows(SQL("true") if moment is None else self._changed_since(moment), after=0)

    def with_keys(self, keys: Sequence[str], after: int) -> Composed:
        """Return the query for the rows with these keys. Their row numbers start at `after + 1`."""
        kind = SQL(self._table.column(self._table.key[0]).type)
        condition = SQL("{} = any({}::text[]::{}[])").format(
            self._key, sql.Literal(list(keys)), kind
        )
        return self._rows(condition, after)

    def where(self, condition: Composable) -> Composed:
        """Return the query for the rows that meet a condition, which uses the alias `r`."""
        return self._rows(condition, after=0)

    def first_load(self, values: Sequence[Composable], excluded: Composable) -> Composed:
        """Return the query for the first load, which reads `values` from each row.

        Rows that meet the condition `excluded` are left out, and so are rows whose marking is not
        admitted. `values` and `excluded` use the alias `r` for the table.
        """
        return SQL(
            "copy (select {} from {} as r where not {} and {}) to stdout (format binary)"
        ).format(SQL(", ").join(values), self._name, excluded, self._admitted())

    def all_keys(self) -> Composed:
        """Return the query for the key and the cursor value of every row."""
        return SQL("copy (select {}::text, {} from {} as r) to stdout (format binary)").format(
            self._key, self._cursor, self._name
        )

    def stream(self, query: Composed) -> Iterator[bytes]:
        """Run a COPY query, and yield its output in chunks.

        Raises:
            SourceUnavailable: The source fails, and another attempt can succeed.
            ContractBroken: The source rejects the query.
        """
        try:
            # The digest was computed in the same transaction, so this query reads the same
            # snapshot.
            yield from stream_copy(self._connection, query.as_bytes(self._connection))
        except psycopg.Error as error:
            raise source_error(error, self._dataset) from None

    def _changed_since(self, moment: datetime) -> Composed:
        return SQL("{} >= {}::timestamptz").format(self._cursor, sql.Literal(moment))

    def _ask(self, query: SQL | Composed, values: Any = None) -> list[Any]:
        """Run a query that has few rows, and return them all."""
        try:
            return self._connection.execute(query, values).fetchall()
        except psycopg.Error as error:
            raise source_error(error, self._dataset) from None

    def _rows(self, condition: Composable, after: int) -> Composed:
        return SQL(
            "copy (select {after}::bigint + row_number() over (), {values} from {name} as r"
            " where {condition} and {admitted}) to stdout (format binary)"
        ).format(
            after=sql.Literal(after),
            values=SQL(", ").join(typed(self._table)),
            name=self._name,
            condition=condition,
            admitted=self._admitted(),
        )

    def _admitted(self) -> Composable:
        """Return the SQL condition for rows with an admitted marking.

        For a row without a marking, the condition is false. If the declaration has no marking rule,
        the condition is true for every row.
        """
        marking = self._place.marking
        if marking is None:
            return SQL("true")
        return SQL("coalesce({} = any({}), false)").format(
            Identifier("r", marking.column), sql.Literal(list(marking.admits))
        )


def check_markings(dataset: Dataset, found: Iterable[str], declared: Iterable[str]) -> None:
    """Refuse a table with an undeclared column that looks like a protective marking.

    Raises:
        ContractBroken: The table has such a column.
    """
    markings = undeclared_markings(found, declared)
    if markings:
        raise ContractBroken(
            f"{dataset.name}: {dataset.place} has the column {', '.join(markings)}, which may be a"
            " protective marking. Declare it, and its ceiling as `door`, so that no row above it is"
            " extracted."
        )


def typed(table: Table) -> list[Composable]:
    """Return the SQL expressions for the columns of row `r`, cast to their declared types.

    The cast is needed, because a source column can have a narrower type. For a column that is
    declared with `presence`, the source computes whether there is a text. So the text never leaves
    the source.
    """
    return [
        is_given(Identifier("r", column.name))
        if column.presence
        else SQL("{}::{}").format(Identifier("r", column.name), SQL(column.type))
        for column in table.columns
    ]


def source_type(column: Column) -> ColumnType:
    """Return the type that a column must have in the source."""
    return "text" if column.presence else column.type


def is_given(text: Composable) -> Composed:
    """Return the SQL condition for a string that is neither null nor blank."""
    return SQL("coalesce(btrim({}, {}) <> '', false)").format(text, sql.Literal(BLANKS))


def hash_of(values: Sequence[Composable]) -> Composed:
    """Return the SQL expression for the hash of a row of values.

    The hash is the same in every session, on every server and in every version of PostgreSQL. A new
    version cannot change this hash function, because hash-partitioned tables depend on it.
    """
    return SQL("hash_record_extended(row({}), 0)").format(SQL(", ").join(values))
