"""The rows of a replay. They are archived, staged and checked like delivered rows.

Each row is a list of strings. A row keeps the row number that it had in the original delivery. Some
reasons contain row numbers, for example the reason that a key occurs twice. These are row numbers
of the original delivery too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from oic_assurance.batches.archive_reader import ArchivedContent, UnreadableError
from oic_assurance.batches.archive_writer import ArchiveWriter
from oic_assurance.landing import checks
from oic_assurance.landing.load import TableLoader
from oic_assurance.sources.databases.postgres import is_given

REPLAY_FORMAT = "oic-assurance replay 1"


@dataclass(frozen=True)
class ReplayRow:
    """One rejected row with its corrected values as strings, in the order of the declaration."""

    row_number: int
    rejected_id: int
    values: tuple[str | None, ...]


@dataclass(frozen=True)
class Outcome:
    """The result of checking one row: its key after the correction, and the reasons to reject it.

    A good row has no reasons.
    """

    rejected_id: int
    row_key: str | None
    reasons: list[str]


class ReplayRows:
    """The rows of a replay of one table, in a temporary table on the loader's connection."""

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

    # ---------------------------------------------------------------- reading and archiving

    def add(self, rows: Iterable[ReplayRow]) -> int:
        """Add rows to the replay. Return how many were added."""
        with self._connection.cursor() as cursor:
            with cursor.copy(SQL("copy {} ({}) from stdin").format(*self._target())) as copy:
                for row in rows:
                    copy.write_row((row.row_number, row.rejected_id, *row.values))
            return cursor.rowcount

    def load_archived(self, content: ArchivedContent) -> None:
        """Add the rows of an archived replay.

        Raises:
            UnreadableError: The content is not a replay.
        """
        header = content.header
        if header.get("format") != REPLAY_FORMAT:
            raise UnreadableError("its first line does not say that it is a replay")
        # The declaration may have changed since the replay. A column that was declared later is
        # blank, and a column that is no longer declared is dropped.
        names = [name if name in self.columns else None for name in header["columns"]]
        self._copy_archived(content, header["columns"], names)
        for name in self._table.presences:
            # If a column was not yet declared with `presence` when the replay was archived, the
            # replay contains the text itself.
            if name not in header.get("presence", ()):
                self._connection.execute(
                    SQL("update {} set {} = ({})::text").format(
                        self._name, Identifier(name), is_given(Identifier(name))
                    )
                )

    def _copy_archived(
        self, content: ArchivedContent, columns: list[str], names: list[str | None]
    ) -> None:
        """Copy archived rows. `names` contains None for each column that is no longer declared."""
        statement = SQL("copy {} ({}) from stdin")
        with self._connection.cursor() as cursor:
            if None not in names:
                target = SQL(", ").join(map(Identifier, columns))
                with cursor.copy(statement.format(self._name, target)) as copy:
                    for chunk in content.chunks():
                        copy.write(chunk)
                return
            declared = [place for place, name in enumerate(names) if name]
            target = SQL(", ").join(Identifier(columns[place]) for place in declared)
            with cursor.copy(statement.format(self._name, target)) as copy:
                for line in content.stream:
                    cells = line.rstrip(b"\n").split(b"\t")
                    copy.write(b"\t".join(cells[place] for place in declared) + b"\n")

    def archive(self, writer: ArchiveWriter, header: dict[str, Any]) -> None:
        """Write the rows into an archived batch."""
        presences = list(self._table.presences)
        header = {**header, "columns": list(self.columns), "presence": presences}
        writer.write_header(header, REPLAY_FORMAT)
        name, columns = self._target()
        statement = SQL("copy (select {} from {} order by row_number) to stdout")
        with (
            self._connection.cursor() as cursor,
            cursor.copy(statement.format(columns, name)) as copy,
        ):
            for chunk in copy:
                writer.write(bytes(chunk))

    def clear(self) -> None:
        """Remove all rows, inside a transaction."""
        self._connection.execute(SQL("delete from {}").format(self._name))

    # ---------------------------------------------------------------- staging and checks

    def stage(self, landed_in: int | None = None) -> None:
        """Copy the rows of the replay into the stage table.

        With `landed_in`, copy only the rows that the replay with this batch ID has landed.
        """
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

    def check(self, *, with_rest_of_delivery: bool = True) -> list[Outcome]:
        """Check all staged rows as one delivery. Return the results of the replayed rows.

        For a file, the other rows of the delivery are staged too, to find keys that occur twice.
        After the check, only the replayed rows stay in the table of checked rows, because the other
        rows were landed before.

        `with_rest_of_delivery=False` means that the other rows of the delivery could not be staged.
        Then a row stays rejected if its delivery had another good row with the same key.
        """
        if self._from_file:
            self._loader.check()
            if not with_rest_of_delivery:
                self._connection.execute(self._landed_key_statement())
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

    def exclude(self, keys: Iterable[str]) -> None:
        """Remove the checked rows with these keys, so that they are not inserted."""
        self._connection.execute(
            SQL("delete from {} where row_key = any(%s)").format(checks.checked(self._table)),
            (list(keys),),
        )

    def _values(self) -> list[Composable]:
        """Return the SQL expressions for the values to stage.

        The values of a file are staged as strings, and those of a database with their types.
        """
        names: list[tuple[Any, Composable]] = [(c, Identifier(c.name)) for c in self._table.columns]
        if self._from_file:
            return [SQL("nullif({}, '')").format(name) for _, name in names]
        return [checks.read_as(column, name) for column, name in names]

    def _unreadable_statement(self) -> Composed:
        """Write the statement that gives the right reason for values that cannot be converted.

        A database guarantees the types of its columns, but a corrected value can be any string. The
        conversion turns an unreadable string into null, so the checks give the reason that the
        value is missing. This statement replaces that reason with one that says that the value is
        unreadable.
        """
        unreadable: list[Composable] = []
        missing: list[Composable] = []
        for column in self._table.columns:
            name = Identifier("t", column.name)
            read = checks.read_as(column, name)
            if read is name:
                continue
            failed = SQL("{} is not null and {} is null").format(name, read)
            for found, reason in (
                (unreadable, checks.unreadable_reason(column)),
                (missing, checks.missing_reason(column)),
            ):
                found.append(SQL("case when {} then {} end").format(failed, Literal(reason)))
        collect = SQL("array_remove(array[{}]::text[], null)")
        return SQL(
            """
            update {checked} as c
            set reasons = u.unreadable || array(
                select reason from unnest(c.reasons) as reason where reason <> all(u.missing)
            )
            from (
                select t.row_number, {unreadable} as unreadable, {missing} as missing
                from {name} as t
            ) as u
            where c.row_number = u.row_number and cardinality(u.unreadable) > 0
            """
        ).format(
            checked=checks.checked(self._table),
            unreadable=collect.format(SQL(", ").join(unreadable)),
            missing=collect.format(SQL(", ").join(missing)),
            name=self._name,
        )

    def _landed_key_statement(self) -> Composed:
        """Write the statement that rejects a row again if another row with its key was landed."""
        return SQL(
            """
            update {checked} as c
            set reasons = array[{reason}]
            from {name} as t inner join audit.rejected_row as r using (rejected_id)
            where
                c.row_number = t.row_number and c.row_key = r.row_key
                and cardinality(c.reasons) = 0 and r.reasons @> array[{reason}]
            """
        ).format(
            checked=checks.checked(self._table),
            reason=Literal(checks.KEY_LANDED_BY_OTHER_ROW),
            name=self._name,
        )

    def _target(self) -> tuple[Identifier, Composed]:
        return self._name, SQL(", ").join(map(Identifier, self.columns))
