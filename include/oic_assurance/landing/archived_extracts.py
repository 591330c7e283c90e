"""Read archived database extracts and lists of vanished records again.

An extract is archived in the text or binary format of PostgreSQL's COPY. PostgreSQL itself reads it
back, so this module need not parse these formats.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier

from oic_assurance.batches.archive_reader import (
    ArchivedContent,
    UnreadableError,
    number_around_gaps,
)
from oic_assurance.batches.archive_writer import rewritten
from oic_assurance.landing.checks import fingerprint
from oic_assurance.landing.raw_tables import existing_columns
from oic_assurance.landing.replayed_rows import REPLAY_FORMAT
from oic_assurance.settings import Settings
from oic_assurance.sources.databases.postgres import is_given
from oic_assurance.sources.declarations.model import BLANKS, PROVENANCE, Dataset, Table
from oic_assurance.storage.store import StoredFile
from oic_assurance.warehouse.connections import reason

CopyFormat = Literal["text", "binary"]
#: The bytes between the rows of two binary COPY streams: the end of the first stream and the header
#: of the second. A batch has several streams if it was read with several queries. No value contains
#: these bytes: they are not valid UTF-8, and no number is that long.
SEAM = b"\xff\xff" + b"PGCOPY\n\xff\r\n\0" + bytes(8)


class ExtractTable:
    """A temporary table with the rows of one archived extract.

    The table is dropped at the end of the transaction.
    """

    def __init__(
        self,
        connection: psycopg.Connection,
        dataset: Dataset,
        table: Table,
        header: Mapping[str, Any],
    ) -> None:
        self._connection = connection
        self._dataset = dataset
        self._table = table
        self.columns: list[str] = [str(name) for name in header["columns"]]
        self.copy_format: CopyFormat = "binary" if header.get("copy_format") == "binary" else "text"
        self.name = Identifier("pg_temp", f"extract_{table.name}")
        # The columns have the types of the raw table. In a replay, every column except the row
        # number has the type text, because a corrected value may not be valid for another type.
        known = existing_columns(connection, dataset, table)
        # If a column was not yet declared with `presence` when the extract was archived, the
        # extract contains the text itself.
        held = header.get("presence", ())
        self._texts = {name for name in table.presences if name not in held}
        known |= dict.fromkeys(self._texts, "text")
        if header.get("format") == REPLAY_FORMAT:
            known = {"row_number": "bigint"}
        # Raw has lost the columns that are not extracted any more, and with them their types. Any
        # binary value is a string of bytes.
        lost = "bytea" if self.copy_format == "binary" else "text"
        connection.execute(
            SQL("create temporary table {} ({}) on commit drop").format(
                Identifier(f"extract_{table.name}"),
                SQL(", ").join(
                    SQL("{} {}").format(Identifier(name), SQL(known.get(name, lost)))
                    for name in self.columns
                ),
            )
        )

    def fill(self, content: ArchivedContent) -> int:
        """Copy the rows of an extract into the table. Return their number.

        Raises:
            UnreadableError: PostgreSQL cannot read the rows.
        """
        statement = SQL("copy {} ({}) from stdin (format {})").format(
            self.name, SQL(", ").join(map(Identifier, self.columns)), SQL(self.copy_format)
        )
        chunks = content.chunks()
        if self.copy_format == "binary":
            chunks = join_binary_streams(chunks)
        try:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                with cursor.copy(statement) as copy:
                    for chunk in chunks:
                        copy.write(chunk)
                return max(cursor.rowcount, 0)
        except psycopg.Error as error:
            raise UnreadableError(f"its rows cannot be read: {reason(error)}") from None

    def chunks(self) -> Iterator[bytes]:
        """Yield the rows as a COPY stream in the format of the extract."""
        values = [Identifier(name) for name in self.columns]
        statement = SQL(
            "copy (select {} from {} order by row_number) to stdout (format {})"
        ).format(SQL(", ").join(values), self.name, SQL(self.copy_format))
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for chunk in copy:
                yield bytes(chunk)

    def remove(self, places: Sequence[int], keys: Sequence[str]) -> list[int]:
        """Remove the rows with these row numbers (`places`) and the rows with these keys.

        Return the row numbers of the removed rows, sorted.
        """
        rows = self._connection.execute(
            SQL(
                "delete from {} where row_number = any(%s) or {} = any(%s) returning row_number"
            ).format(self.name, self.key),
            (list(places), list(keys)),
        ).fetchall()
        return sorted(place for (place,) in rows)

    def drop(self) -> None:
        """Drop the table, so that the same transaction can read another extract."""
        self._connection.execute(SQL("drop table {}").format(self.name))

    @property
    def key(self) -> Composable:
        """The SQL expression for the key of a row as one string."""
        if "row_key" in self.columns:
            return Identifier("row_key")
        return SQL("{}::text").format(Identifier(self._table.key[0]))

    def rows_query(self, names: Sequence[str]) -> Composed:
        """Return the query for the rows, in the form in which landing reads delivered rows.

        Each row has its number, the columns `names`, its key and its fingerprint. As in landing, a
        blank string becomes null.
        """
        return SQL(
            "(select row_number, {}, {} as row_key, {} as row_fingerprint, null::bigint as repeats"
            " from {})"
        ).format(
            SQL(", ").join(
                SQL("{} as {}").format(self._read(name), Identifier(name)) for name in names
            ),
            self.key,
            fingerprint([self._read(name) for name in self.content_columns]),
            self.name,
        )

    @property
    def content_columns(self) -> list[str]:
        """The columns with delivered values, in the order in which they were extracted.

        A column that is now declared as `never_extracted` is left out, although the archived
        extract may contain it.
        """
        left_out = {*PROVENANCE, *self._dataset.place.never_extracted}
        return [name for name in self.columns if name not in left_out]

    def _read(self, name: str) -> Composable:
        if name in self._texts:
            return is_given(Identifier(name))
        column = self._table.column(name) if name in self._table.names else None
        if column is None or column.type != "text" or column.verbatim:
            return Identifier(name)
        return SQL("case when btrim({n}, {blanks}) <> '' then {n} end").format(
            n=Identifier(name), blanks=BLANKS
        )


def join_binary_streams(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Join the binary COPY streams of one batch into one stream, because COPY reads only one.

    A chunk can end at any byte, even inside the bytes between two streams. So the last bytes of
    each chunk are kept back until the next chunk arrives.
    """
    rest = b""
    for chunk in chunks:
        rest = (rest + chunk).replace(SEAM, b"")
        yield rest[: -len(SEAM)]
        rest = rest[-len(SEAM) :]
    yield rest


def vanished_keys(content: ArchivedContent, gaps: Collection[int] = ()) -> list[tuple[int, str]]:
    """Return the row numbers and keys of an archived list of vanished records.

    Each line of such a list is a key. `gaps` are the row numbers of keys that were erased.
    """
    lines = content.stream.read().decode("utf-8", "replace").split("\n")
    numbered = number_around_gaps(([0, key] for key in lines if key), set(gaps))
    return [(int(number or 0), str(key)) for number, key in numbered]


def rewrite_extract(
    settings: Settings,
    connection: psycopg.Connection,
    dataset: Dataset,
    content: ArchivedContent,
    target: StoredFile | None,
    *,
    places: Sequence[int] = (),
    keys: Sequence[str] = (),
) -> tuple[list[int], str]:
    """Write an archived extract to `target` without some rows. Without it, only look for the rows.

    The rows with the row numbers `places` and the rows with the keys `keys` are left out. If the
    extract has no such row, nothing is written. The new file replaces the one at `target` only when
    it is complete. Call this function in a transaction.

    Return the row numbers of the removed rows, and the SHA-256 of the written content.

    Raises:
        UnreadableError: The extract cannot be read.
        ServerError: The archive cannot be reached.
    """
    # A replay names its table. A value that is a key in one table of a file can be in any other.
    [table] = [
        table
        for table in dataset.tables
        if table.name == content.header.get("table", dataset.tables[0].name)
    ]
    extract = ExtractTable(connection, dataset, table, content.header)
    extract.fill(content)
    removed = extract.remove(places, keys)
    sha256 = content.sha256
    if removed and target:
        with rewritten(target, settings) as writer:
            writer.write_header(content.header)
            for chunk in extract.chunks():
                writer.write(chunk)
        sha256 = writer.sha256
    extract.drop()
    return removed, sha256
