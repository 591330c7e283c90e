"""Rows of a replay on their way through the door: kept, staged, checked like any delivered row.

They travel as texts under the number that they had in the delivery which they mend, so that what
the checks say of places (a key that occurs twice) is said of places in that delivery.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from oic_assurance.batches.archive import ArchiveWriter
from oic_assurance.errors import AssuranceError
from oic_assurance.landing import checks
from oic_assurance.landing.load import TableLoader
from oic_assurance.sources.files.dropped import CHUNK_BYTES, Content

REPLAY_FORMAT = "oic-assurance replay 1"


@dataclass(frozen=True)
class ReplayRow:
    """One rejected row as it is put through the door: its texts in the order of the declaration."""

    row_number: int
    rejected_id: int
    values: tuple[str | None, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of one row: the key it has now, and what it breaks; nothing when it lands."""

    rejected_id: int
    row_key: str | None
    reasons: list[str]


class ReplayRows:
    """The rows of a replay of one table, on the connection and in the transaction of its loader."""

    def __init__(self, loader: TableLoader) -> None:
        self._connection = loader.connection
        self._loader = loader
        self._table = loader.table
        self._from_file = loader.dataset.kind == "file"
        self._name = Identifier("pg_temp", f"replayed_{self._table.name}")
        self.columns = ("row_number", "rejected_id", *self._table.names)
        self._connection.execute(
            SQL(
                "create temporary table if not exists {}"
                " (row_number bigint, rejected_id bigint, {}) on commit delete rows"
            ).format(
                Identifier(f"replayed_{self._table.name}"),
                SQL(", ").join(SQL("{} text").format(Identifier(n)) for n in self._table.names),
            )
        )

    # ---------------------------------------------------------------- in, and kept

    def take(self, rows: Iterable[ReplayRow]) -> int:
        """Take rows; returns how many."""
        with self._connection.cursor() as cursor:
            with cursor.copy(SQL("copy {} ({}) from stdin").format(*self._target())) as copy:
                for row in rows:
                    copy.write_row((row.row_number, row.rejected_id, *row.values))
            return cursor.rowcount

    def take_kept(self, content: Content, kept_as: str) -> None:
        """Take the rows of a kept replay."""
        content.stream.seek(0)
        header = json.loads(content.stream.readline().removeprefix(b"#"))
        if header.get("format") != REPLAY_FORMAT:
            raise AssuranceError(f"The kept batch {kept_as} is not the replay that it should be.")
        # A column that was declared since is blank; one that is declared no longer is left out.
        names = [name if name in self.columns else None for name in header["columns"]]
        statement = SQL("copy {} ({}) from stdin")
        with self._connection.cursor() as cursor:
            if None not in names:
                target = SQL(", ").join(map(Identifier, header["columns"]))
                with cursor.copy(statement.format(self._name, target)) as copy:
                    while chunk := content.stream.read(CHUNK_BYTES):
                        copy.write(chunk)
                return
            kept = [place for place, name in enumerate(names) if name]
            target = SQL(", ").join(Identifier(header["columns"][place]) for place in kept)
            with cursor.copy(statement.format(self._name, target)) as copy:
                for line in content.stream:
                    cells = line.rstrip(b"\n").split(b"\t")
                    copy.write(b"\t".join(cells[place] for place in kept) + b"\n")

    def keep(self, kept: ArchiveWriter, header: dict[str, Any]) -> None:
        """Keep the rows as they are put through the door."""
        kept.write_header({**header, "columns": list(self.columns)}, REPLAY_FORMAT)
        name, columns = self._target()
        statement = SQL("copy (select {} from {} order by row_number) to stdout")
        with (
            self._connection.cursor() as cursor,
            cursor.copy(statement.format(columns, name)) as copy,
        ):
            for piece in copy:
                kept.write(bytes(piece))

    def clear(self) -> None:
        """Forget the rows inside a transaction."""
        self._connection.execute(SQL("delete from {}").format(self._name))

    # ---------------------------------------------------------------- through the door

    def stage(self, landed_in: int | None = None) -> None:
        """Put the rows, or those of them that a batch has landed, beside what is staged already."""
        only: Composable = SQL("true")
        if landed_in is not None:
            only = SQL(
                "rejected_id in (select a.rejected_id from audit.replayed_row as a"
                " where a.batch_id = {} and a.reasons = '{{}}')"
            ).format(Literal(landed_in))
        self._connection.execute(
            SQL("insert into {} (row_number, {}) select row_number, {} from {} where {}").format(
                checks.stage(self._table),
                SQL(", ").join(map(Identifier, self._table.names)),
                SQL(", ").join(self._values()),
                self._name,
                only,
            )
        )

    def check(self, *, beside_others: bool = True) -> list[Outcome]:
        """Check all that is staged as one delivery; returns what came of the replayed rows.

        What else was staged has had its say and is left out of what will be inserted. Where the
        rest of the delivery could not be staged (`beside_others`), a row stays broken that is known
        to have had another one with its key beside it.
        """
        if self._from_file:
            self._loader.check()
            if not beside_others:
                self._connection.execute(self._marked_statement())
        else:
            dataset = self._loader.dataset
            self._connection.execute(checks.check_statement(dataset, self._table))
            self._connection.execute(self._unreadable_statement())
            self._connection.execute(checks.repeats_statement(self._table))
        checked = checks.checked(self._table)
        self._connection.execute(
            SQL(
                "delete from {} as c where not exists"
                " (select from {} as t where t.row_number = c.row_number)"
            ).format(checked, self._name)
        )
        rows = self._connection.execute(
            SQL(
                "select r.rejected_id, c.row_key, c.reasons from {} as r"
                " inner join {} as c using (row_number) order by row_number"
            ).format(self._name, checked)
        ).fetchall()
        return [Outcome(*row) for row in rows]

    def leave_out(self, keys: Iterable[str]) -> None:
        """Leave out what must not be inserted: later deliveries for the same moment speak of it."""
        self._connection.execute(
            SQL("delete from {} where row_key = any(%s)").format(checks.checked(self._table)),
            (list(keys),),
        )

    def _values(self) -> list[Composable]:
        """Write the texts as what the stage table holds: of a file texts, of a database types."""
        names: list[tuple[Any, Composable]] = [(c, Identifier(c.name)) for c in self._table.columns]
        if self._from_file:
            return [SQL("nullif({}, '')").format(name) for _, name in names]
        return [checks.read_as(column, name) for column, name in names]

    def _unreadable_statement(self) -> Composed:
        """Write the statement that rejects what could not be typed, rather than calling it absent.

        A database vouches for the types of its columns, but a corrected text can be anything.
        """
        words: list[Composable] = []
        absent: list[Composable] = []
        for column in self._table.columns:
            name = Identifier("t", column.name)
            read = checks.read_as(column, name)
            if read is name:
                continue
            failed = SQL("{} is not null and {} is null").format(name, read)
            for found, reason in (
                (words, checks.unreadable(column)),
                (absent, checks.missing(column)),
            ):
                found.append(SQL("case when {} then {} end").format(failed, Literal(reason)))
        collect = SQL("array_remove(array[{}]::text[], null)")
        return SQL(
            """
            update {checked} as c
            set reasons = u.words || array(
                select why from unnest(c.reasons) as why where why <> all(u.absent)
            )
            from (
                select t.row_number, {words} as words, {absent} as absent from {name} as t
            ) as u
            where c.row_number = u.row_number and cardinality(u.words) > 0
            """
        ).format(
            checked=checks.checked(self._table),
            words=collect.format(SQL(", ").join(words)),
            absent=collect.format(SQL(", ").join(absent)),
            name=self._name,
        )

    def _marked_statement(self) -> Composed:
        return SQL(
            """
            update {checked} as c
            set reasons = array[{mark}]
            from {name} as t inner join audit.rejected_row as r using (rejected_id)
            where
                c.row_number = t.row_number and c.row_key = r.row_key
                and cardinality(c.reasons) = 0 and r.reasons @> array[{mark}]
            """
        ).format(
            checked=checks.checked(self._table),
            mark=Literal(checks.OTHER_ROW_LANDED),
            name=self._name,
        )

    def _target(self) -> tuple[Identifier, Composed]:
        return self._name, SQL(", ").join(map(Identifier, self.columns))
