"""Versions in raw: set-based statements that add a row where a key's state changes.

A row in raw is one version of one key, valid from `version_at` and known since `batch_id`. The
state of a key at a moment is its row with the greatest (version_at, batch_id) until that moment.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from oic_assurance.landing import checks, quarantine
from oic_assurance.landing.load_statements import (
    INSERT_EXTRACTED,
    INSERT_FIRST,
    PROVENANCE,
    RESTORE_LATER_VERSIONS,
    STATE,
)
from oic_assurance.landing.raw_tables import content_columns, filled_at_once, raw_name
from oic_assurance.sources.databases.postgres import hash_of
from oic_assurance.sources.databases.source import KeySum
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.sources.files.rows import Row, as_copy_text


@dataclass(frozen=True)
class Summary:
    """What the checks found in one table of a delivery."""

    rows: int
    rejected: int
    repeats: int
    blanked: dict[str, int]


class TableLoader:
    """Everything that is done to one raw table while a delivery is landed, on one connection.

    Statements are written once and sent as they are, so that the server's prepared plans are
    used again for the next file.
    """

    def __init__(
        self, connection: psycopg.Connection, dataset: Dataset, table: Table, force_code: str
    ) -> None:
        self.connection = connection
        self.dataset = dataset
        self.table = table
        self.force = Literal(force_code)
        self.raw = raw_name(dataset, table)
        self.columns = tuple(content_columns(dataset, table))
        self._written: dict[str, bytes] = {}
        self._found = Summary(0, 0, 0, {})
        connection.execute(checks.temporary_tables(dataset, table))

    # ---------------------------------------------------------------- rows in, rows checked

    def stage(self, rows: Iterable[Row]) -> None:
        """Copy rows into the stage table, blank cells as nulls."""
        self.stage_text(as_copy_text([row] for row in rows))

    def stage_text(self, text: Iterable[str]) -> None:
        """Copy a file's rows, as text of COPY's CSV format, into the stage table."""
        statement = checks.copy_statement(self.table, "csv")
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in text:
                copy.write(piece)

    def check(self) -> Summary:
        """Read and check the staged rows; deal with keys that occur more than once."""
        from_file = self.dataset.kind == "file"
        self._run("check", lambda: checks.check_statement(self.dataset, self.table))
        if not from_file:
            self._run(
                "known",
                lambda: quarantine.forget_known_statement(self.dataset, self.table, self.force),
            )
        summary, unresolved = self._summary(from_file)
        if unresolved:
            self._run("repeats", lambda: checks.repeats_statement(self.table))
            summary, _ = self._summary(from_file)
        self._found = summary
        if summary.rejected and from_file:
            rejected = {"rejected": summary.rejected}
            self._run("mark", lambda: checks.mark_statement(self.table), rejected)
        return summary

    def _summary(self, from_file: bool) -> tuple[Summary, int]:
        cursor = self._run("summary", lambda: checks.summary_statement(self.table, from_file))
        rows, rejected, repeats, unresolved, *counts = cursor.fetchone() or (0, 0, 0, 0)
        names = [c.name for c in self.table.columns if c.when_unreadable == "blank"]
        blanked = {n: c for n, c in zip(names, counts, strict=False) if c}
        return Summary(rows, rejected, repeats, blanked), unresolved

    def leave_out(self, places: list[int]) -> Summary:
        """Take checked rows out again, as if they had not been delivered."""
        statement = "delete from {} where row_number = any(%(places)s)"
        for table in (checks.checked(self.table), checks.stage(self.table)):
            self.connection.execute(SQL(statement).format(table), {"places": places})
        self._found = self._summary(self.dataset.kind == "file")[0]
        return self._found

    def clear(self) -> None:
        """Empty the temporary tables inside a transaction."""
        self._run("clear stage", lambda: SQL("delete from {}").format(checks.stage(self.table)))
        self._run("clear", lambda: SQL("delete from {}").format(checks.checked(self.table)))

    # ---------------------------------------------------------------- versions

    def has_rows(self, at: datetime | None = None) -> bool:
        """Tell whether any record is known, or was known at a moment."""
        statement = SQL(
            "select exists (select from {} where force_code = {}"
            " and version_at <= coalesce(%(at)s::timestamptz, 'infinity'))"
        )
        cursor = self._run("has rows", lambda: statement.format(self.raw, self.force), {"at": at})
        return bool((cursor.fetchone() or (False,))[0])

    def insert_delivered(self, batch_id: int, at: datetime) -> int:
        """Add the rows of a file that say something new of their key as at `at`."""
        values = {"batch": batch_id, "at": at}
        if self.has_rows():
            until = SQL("and k.version_at <= %(at)s")
            return self._insert(
                "delivered", lambda: self._insert_statement(SQL("%(at)s"), until), values
            )
        with filled_at_once(self.connection, self.dataset, self.table, self._found.rows):
            return self._insert(
                "first",
                lambda: SQL(INSERT_FIRST).format(
                    raw=self.raw,
                    names=self._names(),
                    provenance=PROVENANCE,
                    values=self._names("n"),
                    force=self.force,
                    checked=checks.checked(self.table),
                ),
                values,
            )

    def insert_extracted(self, batch_id: int, snapshot_at: datetime) -> tuple[int, KeySum]:
        """Add the rows of a database that differ from what is known of their key.

        A version is valid from its cursor value. Where something later is known already (the record
        had vanished, or its clock went back), it is valid from the extraction. Returns how many
        rows were new, and what all of them change in the sum of the keys that are known.
        """
        cursor = Identifier(self.dataset.database.cursor)
        key = Identifier(self.table.key[0])
        row = self._run(
            "extracted",
            lambda: SQL(INSERT_EXTRACTED).format(
                raw=self.raw,
                names=self._names(),
                provenance=PROVENANCE,
                values=self._names("n"),
                force=self.force,
                checked=checks.checked(self.table),
                state=self._state(SQL("n.row_key"), until=SQL("")),
                cursor=cursor,
                now=hash_of([SQL("n.{}").format(key), SQL("n.{}").format(cursor)]),
                before=hash_of([SQL("n.{}").format(key), SQL('n."stood at"')]),
            ),
            {"batch": batch_id, "at": snapshot_at},
        ).fetchone()
        assert row is not None  # noqa: S101 - an aggregate always gives a row
        return int(row[0]), KeySum(int(row[1]), int(row[2]))

    def insert_replayed(self, batch_id: int, replay_of: int) -> int:
        """Add the rows of a database that were rejected in a delivery, as versions of that time.

        A version is valid from its cursor value. Where the source had moved on to another version
        that is valid from there or before (its clock went back or stood still), that one stands.
        """
        cursor = SQL("n.{}").format(Identifier(self.dataset.database.cursor))
        moved_on = SQL(
            """
            exists (
                select from {raw} as k inner join audit.batch as b using (batch_id)
                where
                    k.force_code = {force} and k.row_key = n.row_key and k.version_at <= {cursor}
                    and coalesce(b.replay_of, b.batch_id) > %(replay_of)s
            )
            """
        ).format(raw=self.raw, force=self.force, cursor=cursor)
        return self._insert(
            "replayed",
            lambda: self._insert_statement(
                cursor,
                until=SQL("and k.version_at <= {}").format(cursor),
                only=SQL("and not {}").format(moved_on),
            ),
            {"batch": batch_id, "replay_of": replay_of},
        )

    def _insert_named(self, batch_id: int, at: datetime, keys: set[str]) -> None:
        """Add the rows of a later delivery, now checked, for those of the keys that it names."""
        self._insert(
            "named later",
            lambda: self._insert_statement(
                SQL("%(at)s"),
                until=SQL("and k.version_at <= %(at)s"),
                row_number=SQL("null"),
                only=SQL("and n.row_key = any(%(keys)s)"),
            ),
            {"batch": batch_id, "at": at, "keys": list(keys)},
        )

    def _insert_statement(
        self,
        version_at: Composable,
        until: Composable,
        row_number: Composable = SQL("n.row_number"),  # noqa: B008 - immutable
        only: Composable = SQL(""),  # noqa: B008 - immutable
    ) -> Composed:
        return SQL(
            """
            insert into {raw} ({names}, {provenance})
            select
                {values}, {force}, %(batch)s, {row_number}, n.row_key, {version_at}, now(),
                n.row_fingerprint, false
            from {checked} as n
            left join {state} as s on true
            where
                cardinality(n.reasons) = 0 and n.repeats is null {only}
                and (
                    s.row_key is null or s.is_tombstone
                    or s.row_fingerprint <> n.row_fingerprint
                )
            """
        ).format(
            raw=self.raw,
            names=self._names(),
            provenance=PROVENANCE,
            values=self._names("n"),
            force=self.force,
            row_number=row_number,
            version_at=version_at,
            checked=checks.checked(self.table),
            state=self._state(SQL("n.row_key"), until),
            only=only,
        )

    def insert_vanished(self, batch_id: int, at: datetime) -> int:
        """Add a tombstone for each key known at `at` that a full delivery does not name.

        A row that was rejected names its key all the same: what is broken is not gone.
        """
        return self._insert(
            "vanished",
            lambda: SQL(
                """
                insert into {raw} ({key}, {provenance})
                select
                    {key}, {force}, %(batch)s, null, s.row_key, %(at)s, now(), null, true
                from (
                    select distinct on (k.row_key) k.*
                    from {raw} as k
                    where k.force_code = {force} and k.version_at <= %(at)s
                    order by k.row_key, k.version_at desc, k.batch_id desc
                ) as s
                where
                    not s.is_tombstone
                    and not exists (select from {checked} as n where n.row_key = s.row_key)
                """
            ).format(
                raw=self.raw,
                key=SQL(", ").join(map(Identifier, self.table.key)),
                provenance=PROVENANCE,
                force=self.force,
                checked=checks.checked(self.table),
            ),
            {"batch": batch_id, "at": at},
        )

    # ---------------------------------------------------------------- deliveries out of order

    def restore_later_versions(self, batch_id: int, at: datetime) -> int:
        """Say again what the next full delivery had said of each key that a late one has changed.

        The next delivery added nothing to raw for a key that was then as before. A delivery in
        which the key's row was rejected, and not replayed, said nothing of it, so the one after
        that counts.
        """
        return self._insert(
            "again",
            lambda: SQL(RESTORE_LATER_VERSIONS).format(
                raw=self.raw,
                names=self._names(),
                values=SQL(", ").join(
                    SQL("case when old.row_key is null then c.{n} else old.{n} end").format(
                        n=Identifier(name)
                    )
                    if name in self.table.key
                    else Identifier("old", name)
                    for name in self.columns
                ),
                provenance=PROVENANCE,
                force=self.force,
                dataset=Literal(self.dataset.name),
                table=Literal(self.table.name),
                landed=Literal(checks.OTHER_ROW_LANDED),
                old=self._state(
                    SQL("c.row_key"),
                    SQL("and k.version_at <= later.delivered_for and k.batch_id < %(batch)s"),
                ),
            ),
            {"batch": batch_id, "at": at},
        )

    def keys_changed_late(self, batch_id: int, at: datetime) -> set[str]:
        """Return the keys whose earlier state a late-arriving delivery of changes has replaced."""
        cursor = self._run(
            "changed before",
            lambda: SQL(
                """
                select c.row_key from {raw} as c
                where
                    c.force_code = {force} and c.batch_id = %(batch)s and c.version_at = %(at)s
                    and exists (
                        select from {raw} as k
                        where k.force_code = {force} and k.row_key = c.row_key
                        and k.version_at <= %(at)s and k.batch_id < %(batch)s
                    )
                """
            ).format(raw=self.raw, force=self.force),
            {"batch": batch_id, "at": at},
        )
        return {key for (key,) in cursor.fetchall()}

    def apply_later_delivery(self, batch_id: int, at: datetime, keys: set[str]) -> set[str]:
        """Add the versions of a later delivery, now checked, for the keys that it names.

        Returns the keys that it does not name.
        """
        self._insert_named(batch_id, at, keys)
        cursor = self._run(
            "named",
            lambda: SQL(
                "select row_key from {} where row_key = any(%(keys)s) and cardinality(reasons) = 0"
            ).format(checks.checked(self.table)),
            {"keys": list(keys)},
        )
        return keys - {key for (key,) in cursor.fetchall()}

    # ---------------------------------------------------------------- the rest

    def quarantine(self, batch_id: int) -> None:
        """Keep the rejected rows with all their reasons."""
        self._run(
            "quarantine",
            lambda: quarantine.insert_statement(self.dataset, self.table),
            {"batch": batch_id, "rejected": self._found.rejected},
        )

    def _state(self, key: Composable, until: Composable) -> Composed:
        return STATE.format(raw=self.raw, force=self.force, key=key, until=until)

    def _names(self, alias: str | None = None) -> Composed:
        return SQL(", ").join(
            Identifier(alias, name) if alias else Identifier(name) for name in self.columns
        )

    def _insert(self, name: str, write: Callable[[], Composed], values: Mapping[str, Any]) -> int:
        return self._run(name, write, values).rowcount

    def _run(
        self, name: str, write: Callable[[], Composed], values: Mapping[str, Any] | None = None
    ) -> psycopg.Cursor[Any]:
        if name not in self._written:
            self._written[name] = write().as_bytes(self.connection)
        return self.connection.execute(self._written[name], values)
