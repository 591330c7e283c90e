"""Kept database extracts, read back into temporary tables of their columns, whatever their format.

Nothing of ours takes the stream apart: PostgreSQL wrote it and PostgreSQL reads it.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier

from oic_assurance.landing.checks import BLANKS
from oic_assurance.landing.kept import Hashed, UnreadableError
from oic_assurance.landing.raw_tables import raw_name
from oic_assurance.sources.model import Dataset, Table
from oic_assurance.warehouse.connections import reason

Form = Literal["text", "binary"]


class ExtractTable:
    """A temporary table of one kept extract's rows, gone with the transaction."""

    def __init__(
        self, connection: psycopg.Connection, dataset: Dataset, table: Table, header: dict[str, Any]
    ) -> None:
        self._connection = connection
        self._dataset = dataset
        self._table = table
        self.columns: list[str] = [str(name) for name in header["columns"]]
        self.form: Form = "binary" if header.get("copy_format") == "binary" else "text"
        self.name = Identifier("pg_temp", f"extract_{table.name}")
        # Types are raw's; what raw does not know (of a replay, say) is text.
        known = dict(_types(connection, dataset, table))
        connection.execute(
            SQL("create temporary table {} ({}) on commit drop").format(
                Identifier(f"extract_{table.name}"),
                SQL(", ").join(
                    SQL("{} {}").format(Identifier(name), SQL(known.get(name, "text")))
                    for name in self.columns
                ),
            )
        )

    def fill(self, content: Hashed) -> int:
        """Copy an extract's rows in; returns how many. Raises `UnreadableError`."""
        statement = SQL("copy {} ({}) from stdin (format {})").format(
            self.name, self._names(), SQL(self.form)
        )
        try:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                with cursor.copy(statement) as copy:
                    for chunk in content.chunks():
                        copy.write(chunk)
                return max(cursor.rowcount, 0)
        except psycopg.Error as error:
            # The rest is read for its hash alone.
            for _ in content.chunks():
                pass
            raise UnreadableError(f"its rows cannot be read: {reason(error)}") from error

    def empty_again(self) -> Iterator[bytes]:
        """Give the rows that are left in the format that they came in."""
        order = SQL("order by row_number") if "row_number" in self.columns else SQL("")
        statement = SQL("copy (select {} from {} {}) to stdout (format {})").format(
            self._names(), self.name, order, SQL(self.form)
        )
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in copy:
                yield bytes(piece)

    @property
    def key(self) -> Composable:
        """Write a row's key as one text."""
        if "row_key" in self.columns:
            return Identifier("row_key")
        return SQL("{}::text").format(Identifier(self._table.key[0]))

    def rows(self, names: Sequence[str]) -> Composed:
        """Write the query for the rows as landing reads them: a blank text says nothing."""
        return SQL(
            "(select row_number, {}, {} as row_key, null::bigint as repeats from {})"
        ).format(SQL(", ").join(self._read(name) for name in names), self.key, self.name)

    def _read(self, name: str) -> Composable:
        column = self._table.column(name) if name in self._table.names else None
        if column is None or column.type != "text" or column.verbatim:
            return Identifier(name)
        return SQL("case when btrim({n}, {blanks}) <> '' then {n} end as {n}").format(
            n=Identifier(name), blanks=BLANKS
        )

    def _names(self) -> Composed:
        return SQL(", ").join(map(Identifier, self.columns))


def _types(connection: psycopg.Connection, dataset: Dataset, table: Table) -> list[tuple[str, str]]:
    return connection.execute(
        """
        select a.attname, format_type(a.atttypid, a.atttypmod)
        from pg_catalog.pg_attribute as a
        where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped
        """,
        (raw_name(dataset, table).as_string(connection),),
    ).fetchall()
