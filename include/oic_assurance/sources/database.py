"""Source databases: what a table looks like, and its rows as streams out of one snapshot.

Only declared columns are ever named in a query, and rows whose marking is too high stay behind the
door: of them the key alone is read.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier

from oic_assurance.errors import DeliveryRefused, SourceUnavailable
from oic_assurance.settings import Settings
from oic_assurance.sources.model import DatabasePlace, Dataset
from oic_assurance.warehouse.airflow_uri import connection_type
from oic_assurance.warehouse.connections import connect_source, reason

#: What `format_type` may call a column's type; a narrower one is as good.
_TYPES = {
    "text": ("text", "character varying", "character"),
    "bigint": ("bigint", "integer", "smallint"),
    "integer": ("integer", "smallint"),
    "boolean": ("boolean",),
    "date": ("date",),
    "timestamptz": ("timestamp with time zone",),
    "numeric": ("numeric", "bigint", "integer", "smallint"),
}
CHUNK_BYTES = 256 * 1024
#: SQLSTATE classes of failures that trying again can heal: connection, resources, intervention.
_CAN_HEAL = ("08", "53", "57", "40")


class ContractBroken(DeliveryRefused):
    """A source table is not what its declaration says; only a change of one of them helps."""


@dataclass(frozen=True)
class KeyDigest:
    """How many rows a table has, and a digest of all their keys and cursor values."""

    text: str
    taken_at: datetime


class Source(Protocol):
    """A table of a source database in one snapshot, whatever the database.

    Queries are the source's own affair: they are handed back to `stream` as they came.
    """

    @property
    def notes(self) -> dict[str, dict[str, int]]:
        """What the streams so far coped with, as counts by column."""

    def check_columns(self) -> list[str]: ...  # noqa: D102 - see `SourceTable`
    def digest(self) -> KeyDigest: ...  # noqa: D102
    def keys_at_the_door(self) -> list[str]: ...  # noqa: D102
    def changed_since(self, moment: datetime | None) -> Any: ...  # noqa: D102
    def with_keys(self, keys: Sequence[str], after: int) -> Any: ...  # noqa: D102
    def all_keys(self) -> Any: ...  # noqa: D102
    def stream(self, query: Any) -> Iterator[bytes]: ...  # noqa: D102


class SourceTable:
    """One table of a source database, seen in one snapshot."""

    def __init__(self, connection: psycopg.Connection, dataset: Dataset) -> None:
        assert isinstance(dataset.place, DatabasePlace)  # noqa: S101 - for the type checker
        self._connection = connection
        self._dataset = dataset
        self._place = dataset.place
        self._table = dataset.tables[0]
        self._name = Identifier(self._place.schema, self._place.table)
        self._key = Identifier(self._table.key[0])
        self._cursor = Identifier(self._place.cursor)
        #: The types of PostgreSQL are the declaration's: there is nothing to cope with.
        self.notes: dict[str, dict[str, int]] = {}

    def check_columns(self) -> list[str]:
        """Refuse a table with missing or retyped columns; return the names of undeclared ones."""
        found = self._columns_found()
        name = self._dataset.name
        if not found:
            raise ContractBroken(f"{name}: there is no table {self._place} in the source.")
        missing = [column for column in self._table.names if column not in found]
        if missing:
            raise ContractBroken(f"{name}: {self._place} has no column {', '.join(missing)}.")
        for column in self._table.columns:
            kind = found[column.name].partition("(")[0]
            if kind not in _TYPES[column.type]:
                raise ContractBroken(
                    f"{name}: {self._place}.{column.name} is {kind}, declared is {column.type}."
                )
        expected = {*self._table.names, *self._place.never_extracted}
        return [column for column in found if column not in expected]

    def _columns_found(self) -> dict[str, str]:
        # The catalogue, not information_schema: that hides columns this login may not read.
        rows = self._ask(
            SQL(
                """
                select a.attname, format_type(a.atttypid, a.atttypmod)
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

    def digest(self) -> KeyDigest:
        """Digest the keys and cursor values of all rows, inside the source."""
        rows = self._ask(
            SQL(
                """
                select count(*) || ':' || coalesce(sum(hash_record_extended(row({}, {}), 0)), 0),
                    now()
                from {}
                """
            ).format(self._key, self._cursor, self._name)
        )
        return KeyDigest(*rows[0])

    def keys_at_the_door(self) -> list[str]:
        """Return the keys of the rows whose marking does not admit them, and nothing else."""
        if self._place.door is None:
            return []
        rows = self._ask(
            SQL("select {}::text from {} where not {} order by 1").format(
                self._key, self._name, self._admitted()
            ),
            {"admits": list(self._place.door.admits)},
        )
        return [key for (key,) in rows]

    def changed_since(self, moment: datetime | None) -> tuple[Composed, dict[str, Any]]:
        """Write the query for the rows changed at or after a moment; None means all of them."""
        condition = SQL("true") if moment is None else SQL("{} >= %(since)s").format(self._cursor)
        return self._rows(condition, {"since": moment} if moment else {}, after=0)

    def with_keys(self, keys: Sequence[str], after: int) -> tuple[Composed, dict[str, Any]]:
        """Write the query for the rows with these keys, numbered on after `after`."""
        kind = SQL(self._table.column(self._table.key[0]).type)
        condition = SQL("{} = any(%(keys)s::text[]::{}[])").format(self._key, kind)
        return self._rows(condition, {"keys": list(keys)}, after)

    def all_keys(self) -> tuple[Composed, dict[str, Any]]:
        """Write the query for the key and the cursor value of every row."""
        return SQL("copy (select {}, {} from {}) to stdout").format(
            self._key, self._cursor, self._name
        ), {}

    def stream(self, query: tuple[Composed, dict[str, Any]]) -> Iterator[bytes]:
        """Run a query that `COPY`s out and give what it writes, gathered into larger pieces."""
        pieces: list[bytes] = []
        size = 0
        try:
            with self._connection.cursor() as cursor, cursor.copy(*query) as copy:
                for piece in copy:
                    pieces.append(bytes(piece))
                    size += len(piece)
                    if size >= CHUNK_BYTES:
                        yield b"".join(pieces)
                        pieces.clear()
                        size = 0
        except psycopg.Error as error:
            raise source_error(error, self._dataset) from error
        if pieces:
            yield b"".join(pieces)

    def _ask(self, query: SQL | Composed, values: Any = None) -> list[Any]:
        """Run a query and give all rows: for the few that are asked for one by one."""
        try:
            return self._connection.execute(query, values).fetchall()
        except psycopg.Error as error:
            raise source_error(error, self._dataset) from error

    def _rows(
        self, condition: Composable, values: dict[str, Any], after: int
    ) -> tuple[Composed, dict[str, Any]]:
        query = SQL(
            "copy (select %(after)s::bigint + row_number() over (), {columns} from {name}"
            " where {condition} and {admitted}) to stdout"
        ).format(
            columns=SQL(", ").join(map(Identifier, self._table.names)),
            name=self._name,
            condition=condition,
            admitted=self._admitted(),
        )
        if self._place.door is not None:
            values = {**values, "admits": list(self._place.door.admits)}
        return query, {**values, "after": after}

    def _admitted(self) -> Composable:
        """Write the condition under which a row is let in; without a marking it is not."""
        if self._place.door is None:
            return SQL("true")
        return SQL("coalesce({} = any(%(admits)s), false)").format(
            Identifier(self._place.door.column)
        )


@contextmanager
def snapshot(settings: Settings, dataset: Dataset) -> Iterator[Source]:
    """Give a dataset's table as it is at one moment, whatever is committed there meanwhile."""
    assert isinstance(dataset.place, DatabasePlace)  # noqa: S101 - for the type checker
    kind = connection_type(dataset.place.system)
    if kind is not None and kind != "postgres":
        from oic_assurance.sources.hook_database import hook_snapshot

        with hook_snapshot(settings, dataset, kind) as table:
            yield table
        return
    connection = connect_source(settings, dataset.place.system)
    try:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield SourceTable(connection, dataset)
    finally:
        connection.close()


def source_error(error: psycopg.Error, dataset: Dataset) -> Exception:
    """Turn an error of a source into one that can heal, or into a broken contract.

    It is told without its details, which can hold values.
    """
    text = f"{dataset.name}: {dataset.place} cannot be extracted: {reason(error)}."
    if error.sqlstate is None or error.sqlstate.startswith(_CAN_HEAL):
        return SourceUnavailable(text)
    return ContractBroken(text)
