"""Kept database extracts, read back into temporary tables of their columns, whatever their format.

Nothing of ours takes the stream apart: PostgreSQL wrote it and PostgreSQL reads it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier

from oic_assurance.batches.archive import ArchiveWriter
from oic_assurance.batches.archived import Hashed, UnreadableError, read_header, unpacked
from oic_assurance.landing.checks import BLANKS, fingerprint
from oic_assurance.landing.raw_tables import raw_name
from oic_assurance.landing.replayed_rows import REPLAY_FORMAT
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import PROVENANCE, Dataset, Table
from oic_assurance.warehouse.connections import reason

Form = Literal["text", "binary"]
#: Where one binary stream ends and the next begins, in a batch that was read in several pieces: no
#: value can hold these bytes, since no text in UTF-8 does and no number is that long.
SEAM = b"\xff\xff" + b"PGCOPY\n\xff\r\n\0" + bytes(8)


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
        # Types are raw's, but what went through the door again can be any text.
        known = dict(_types(connection, dataset, table))
        if header.get("format") == REPLAY_FORMAT:
            known = {"row_number": "bigint"}
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
                    for chunk in self._one_stream(content):
                        copy.write(chunk)
                return max(cursor.rowcount, 0)
        except psycopg.Error as error:
            # The rest is read for its hash alone.
            for _ in content.chunks():
                pass
            raise UnreadableError(f"its rows cannot be read: {reason(error)}") from None

    def _one_stream(self, content: Hashed) -> Iterator[bytes]:
        """Give an extract's bytes as the one stream that COPY takes."""
        if self.form == "text":
            yield from content.chunks()
            return
        rest = b""
        for chunk in content.chunks():
            rest = (rest + chunk).replace(SEAM, b"")
            yield rest[: -len(SEAM)]
            rest = rest[-len(SEAM) :]
        yield rest

    def pieces(self) -> Iterator[bytes]:
        """Give the rows in the format that they came in."""
        statement = SQL(
            "copy (select {} from {} order by row_number) to stdout (format {})"
        ).format(self._names(), self.name, SQL(self.form))
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in copy:
                yield bytes(piece)

    def remove(self, places: Sequence[int], keys: Sequence[str]) -> list[int]:
        """Remove the rows at these places or with these keys; returns the places of all of them."""
        rows = self._connection.execute(
            SQL(
                "delete from {} where row_number = any(%s) or {} = any(%s) returning row_number"
            ).format(self.name, self.key),
            (list(places), list(keys)),
        ).fetchall()
        return sorted(place for (place,) in rows)

    def drop(self) -> None:
        """Make room for the next extract of the same transaction."""
        self._connection.execute(SQL("drop table {}").format(self.name))

    @property
    def key(self) -> Composable:
        """Write a row's key as one text."""
        if "row_key" in self.columns:
            return Identifier("row_key")
        return SQL("{}::text").format(Identifier(self._table.key[0]))

    def rows(self, names: Sequence[str]) -> Composed:
        """Write the query for the rows as landing reads them: a blank text says nothing."""
        return SQL(
            "(select row_number, {}, {} as row_key, {} as row_fingerprint, null::bigint as repeats"
            " from {})"
        ).format(
            SQL(", ").join(
                SQL("{} as {}").format(self._read(name), Identifier(name)) for name in names
            ),
            self.key,
            fingerprint([self._read(name) for name in self.content]),
            self.name,
        )

    @property
    def content(self) -> list[str]:
        """The columns that hold what the source said, in the order of the declaration then."""
        return [name for name in self.columns if name not in PROVENANCE]

    def _read(self, name: str) -> Composable:
        column = self._table.column(name) if name in self._table.names else None
        if column is None or column.type != "text" or column.verbatim:
            return Identifier(name)
        return SQL("case when btrim({n}, {blanks}) <> '' then {n} end").format(
            n=Identifier(name), blanks=BLANKS
        )

    def _names(self) -> Composed:
        return SQL(", ").join(map(Identifier, self.columns))


@dataclass(frozen=True)
class Rewritten:
    """A kept extract without some of its rows."""

    sha256: str
    #: The numbers that those rows had.
    places: list[int]


def rewrite_extract(
    settings: Settings,
    connection: psycopg.Connection,
    dataset: Dataset,
    source: Path,
    target: Path,
    *,
    places: Sequence[int] = (),
    keys: Sequence[str] = (),
) -> Rewritten:
    """Write a kept extract again without the rows at `places` or with `keys`, in a transaction.

    `target` may be `source`; it appears when it is whole, and not at all when no row goes.
    """
    [table] = dataset.tables[:1]
    with unpacked(source) as stream:
        header = read_header(stream)
        extract = ExtractTable(connection, dataset, table, header)
        content = Hashed(stream)
        extract.fill(content)
    gone = extract.remove(places, keys)
    if not gone:
        extract.drop()
        return Rewritten(content.sha256, gone)
    kept = ArchiveWriter(target, settings.home)
    try:
        kept.write_header(header)
        for piece in extract.pieces():
            kept.write(piece)
        kept.finish()
    finally:
        kept.discard()
    extract.drop()
    return Rewritten(kept.sha256, gone)


def _types(connection: psycopg.Connection, dataset: Dataset, table: Table) -> list[tuple[str, str]]:
    return connection.execute(
        """
        select a.attname, format_type(a.atttypid, a.atttypmod)
        from pg_catalog.pg_attribute as a
        where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped
        """,
        (raw_name(dataset, table).as_string(connection),),
    ).fetchall()
