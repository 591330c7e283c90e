"""Load checked rows into raw. Only rows of new or changed records are inserted.

A row in raw is one version of one key. The version is valid from `version_at`, and known since the
batch `batch_id`. The state of a key at a moment is its latest version up to that moment. If two
versions have the same `version_at`, the version with the greater `batch_id` counts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from tempfile import SpooledTemporaryFile
from typing import IO, Any

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
from oic_assurance.landing.plain_rows import PlainForm, plain_form
from oic_assurance.landing.raw_tables import (
    MANY_ROWS,
    adds_provenance,
    bulk_fill,
    can_add_provenance,
    raw_name,
)
from oic_assurance.sources.databases.postgres import hash_of
from oic_assurance.sources.databases.source import KeySum
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.sources.files.tabular import Reading
from oic_assurance.warehouse.rows import fetch_one

#: While the rows in plain form of a file are copied, its other rows wait in memory, and on disk if
#: they are more than these bytes.
WAITING_BYTES = 4 * 1024 * 1024
CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Summary:
    """How many rows a delivery has for one table, and what the checks found in these rows."""

    rows: int
    rejected: int
    #: Rows that have the same key and content as an earlier row of the delivery.
    repeats: int
    #: How many unreadable values were made blank in each column.
    blanked: dict[str, int]


class NotStraight(Exception):  # noqa: N818 - no error: the rows are landed in the usual way
    """Rows cannot be loaded straight into raw: a key repeats, or raw is no longer empty."""


@contextmanager
def _no_repeats() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.UniqueViolation:
        # The message of the server has the key.
        raise NotStraight from None


class TableLoader:
    """Stages, checks and inserts the rows of one raw table, on one connection.

    The text of each statement is composed once. For the next file, the same text is sent again, so
    the server can reuse the plan that it has prepared.
    """

    def __init__(
        self, connection: psycopg.Connection, dataset: Dataset, table: Table, force_code: str
    ) -> None:
        self.connection = connection
        self.dataset = dataset
        self.table = table
        self.force = Literal(force_code)
        self.raw = raw_name(dataset, table)
        self.columns = tuple(dataset.content_columns(table))
        self._written: dict[str, bytes] = {}
        self._found = Summary(0, 0, 0, {})
        #: Whether raw has rows, as far as is known. No row is removed while the dataset is locked.
        self._has_rows = False
        #: How many rows `load_straight` has loaded. None if it was not used.
        self._loaded: int | None = None
        connection.execute(checks.temporary_tables(dataset, table))

    # ---------------------------------------------------------------- staging and checks

    def take(self, reading: Reading, *, plain: bool) -> None:
        """Copy the rows of a file into the stage table.

        With `plain`, rows in plain form are copied straight into the table of checked rows. This is
        faster for a large file, and otherwise makes no difference.
        """
        self._loaded = None
        form = self._plain_form if plain else None
        if form is None:
            self.stage_text(reading.copy_text())
            return
        with SpooledTemporaryFile(max_size=WAITING_BYTES) as others:
            form.copy(self.connection, reading.pieces, checks.checked(self.table), others)
            self._stage_others(others)

    def _stage_others(self, others: IO[bytes]) -> None:
        others.seek(0)
        self.stage_text(iter(partial(others.read, CHUNK_BYTES), b""))

    def can_load_straight(self) -> bool:
        """Tell whether `load_straight` can be tried: raw is empty, and rows have a plain form."""
        return self._plain_form is not None and can_add_provenance(
            self.connection, self.dataset, self.table
        )

    def load_straight(self, reading: Reading, batch_id: int, at: datetime) -> Summary:
        """Load the good rows of a large file into an empty raw table, and check only some of them.

        Rows in plain form are copied straight into raw. Its unique index shows whether a key occurs
        more than once.

        Raises:
            NotStraight: The rows must be staged and checked first. What was loaded must be rolled
                back.
        """
        table = (self.connection, self.dataset, self.table)
        constants = {
            "force_code": self.force,
            "batch_id": Literal(batch_id),
            "version_at": Literal(at),
            "landed_at": SQL("now()"),
            "is_tombstone": Literal(False),
        }
        with (
            _no_repeats(),
            bulk_fill(*table, rows=MANY_ROWS) as is_empty,
            SpooledTemporaryFile(max_size=WAITING_BYTES) as others,
        ):
            if self._plain_form is None or not is_empty:
                raise NotStraight
            with adds_provenance(*table, constants, checks.own_fingerprint(*table[1:])):
                rows = self._plain_form.copy(
                    self.connection, reading.pieces, self.raw, others, frozen=True
                )
            self._stage_others(others)
            self.run("check", lambda: checks.check_statement(self.dataset, self.table))
            summary, _ = self._summary(from_file=True)
            self._loaded = rows + self._insert_first(batch_id, at)
        if summary.rejected:
            self.run(
                "landed in raw",
                lambda: checks.landed_in_raw_statement(self.table, self.raw, self.force),
            )
        self._found = replace(summary, rows=rows + summary.rows)
        return self._found

    @cached_property
    def _plain_form(self) -> PlainForm | None:
        return plain_form(self.dataset, self.table)

    def stage_text(self, text: Iterable[str | bytes]) -> None:
        """Copy the rows of a file into the stage table. `text` has the CSV format of COPY."""
        statement = checks.copy_statement(self.table, "csv")
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for chunk in text:
                copy.write(chunk)

    def check(self) -> Summary:
        """Check the staged rows, and look for keys that occur more than once.

        If all rows with a key are equal, only the first row will be landed. If they differ, all of
        them are rejected. The checked rows stay in a temporary table until the end of the
        transaction.
        """
        from_file = self.dataset.kind == "file"
        self.run("check", lambda: checks.check_statement(self.dataset, self.table))
        if not from_file:
            self.run(
                "drop known",
                lambda: quarantine.drop_known_statement(self.dataset, self.table, self.force),
            )
        summary, unresolved = self._summary(from_file)
        if unresolved:
            self.run("repeats", lambda: checks.repeats_statement(self.table))
            self.run(
                "stage rejected",
                lambda: checks.stage_rejected_statement(self.dataset, self.table),
            )
            summary, _ = self._summary(from_file)
        self._found = summary
        if summary.rejected and from_file:
            rejected = {"rejected": summary.rejected}
            self.run("landed keys", lambda: checks.landed_key_statement(self.table), rejected)
        return summary

    def _summary(self, from_file: bool) -> tuple[Summary, int]:
        """Return the summary of the checked rows, and how many good rows still repeat a key."""
        cursor = self.run("summary", lambda: checks.summary_statement(self.table, from_file))
        rows, rejected, repeats, unresolved, *counts = fetch_one(cursor)
        names = [c.name for c in self.table.columns if c.when_unreadable == "blank"]
        blanked = {n: c for n, c in zip(names, counts, strict=False) if c}
        return Summary(rows, rejected, repeats, blanked), unresolved

    def exclude_rows(self, places: list[int]) -> Summary:
        """Remove checked rows by their row numbers, as if they had not been delivered.

        Return the new summary.
        """
        statement = "delete from {} where row_number = any(%(places)s)"
        for table in (checks.checked(self.table), checks.stage(self.table)):
            self.connection.execute(SQL(statement).format(table), {"places": places})
        self._found = self._summary(self.dataset.kind == "file")[0]
        return self._found

    def clear(self) -> None:
        """Empty the temporary tables before the transaction ends."""
        self.run("clear stage", lambda: SQL("delete from {}").format(checks.stage(self.table)))
        self.run("clear", lambda: SQL("delete from {}").format(checks.checked(self.table)))

    # ---------------------------------------------------------------- versions

    def has_rows(self, at: datetime | None = None) -> bool:
        """Tell whether raw has any version. With `at`, only versions for `at` or before count."""
        if at is None and self._has_rows:
            return True
        statement = SQL(
            "select exists (select from {} where force_code = {}"
            " and version_at <= coalesce(%(at)s::timestamptz, 'infinity'))"
        )
        cursor = self.run("has rows", lambda: statement.format(self.raw, self.force), {"at": at})
        found = bool(fetch_one(cursor)[0])
        if at is None:
            self._has_rows = found
        return found

    def insert_delivered(self, batch_id: int, at: datetime) -> int:
        """Insert the rows of a file that differ from the state of their key at the moment `at`.

        Texts that were replaced are recorded by their place. Return how many rows were inserted.
        """
        if self.table.replaced:
            self.run("replaced", lambda: checks.replaced_statement(self.table), {"batch": batch_id})
        if self._loaded is not None:
            return self._loaded
        values = {"batch": batch_id, "at": at}
        if self.has_rows():
            until = SQL("and k.version_at <= %(at)s")
            return self._insert(
                "delivered", lambda: self._insert_statement(SQL("%(at)s"), until), values
            )
        with bulk_fill(self.connection, self.dataset, self.table, self._found.rows):
            return self._insert_first(batch_id, at)

    def _insert_first(self, batch_id: int, at: datetime) -> int:
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
            {"batch": batch_id, "at": at},
        )

    def insert_extracted(self, batch_id: int, snapshot_at: datetime) -> tuple[int, KeySum]:
        """Insert the rows of a database that differ from the latest version of their key.

        A version is valid from its cursor value. Raw can already have a version with a later
        version time, because the record had vanished or the source's clock was set back. Then the
        new version is valid from the moment of the extract or from that version time, whichever is
        later.

        Return two results: the number of new versions, and the change in the sum over the keys.
        """
        cursor_column = Identifier(self.dataset.database.cursor)
        key = Identifier(self.table.key[0])
        cursor = self.run(
            "extracted",
            lambda: SQL(INSERT_EXTRACTED).format(
                raw=self.raw,
                names=self._names(),
                provenance=PROVENANCE,
                values=self._names("n"),
                force=self.force,
                checked=checks.checked(self.table),
                state=self._state(SQL("n.row_key"), until=SQL("")),
                cursor=cursor_column,
                hash=hash_of([SQL("n.{}").format(key), SQL("n.{}").format(cursor_column)]),
                previous_hash=hash_of([SQL("n.{}").format(key), SQL('n."previous cursor"')]),
            ),
            {"batch": batch_id, "at": snapshot_at},
        )
        rows_new, keys, total = fetch_one(cursor)
        return int(rows_new), KeySum(int(keys), int(total))

    def insert_replayed(self, batch_id: int, replay_of: int) -> int:
        """Insert corrected rows of a database that were rejected in batch `replay_of`.

        A version is valid from its cursor value. A later extract may have inserted another version
        of the key that is valid from the same time or earlier, because the source's clock was set
        back or stood still. Then the corrected row adds no version.

        Return the number of new versions.
        """
        cursor = SQL("n.{}").format(Identifier(self.dataset.database.cursor))
        has_later_version = SQL(
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
                only=SQL("and not {}").format(has_later_version),
            ),
            {"batch": batch_id, "replay_of": replay_of},
        )

    def _insert_listed(self, batch_id: int, at: datetime, keys: set[str]) -> None:
        """Insert the checked rows of a later delivery that have one of the keys."""
        self._insert(
            "listed later",
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
        """Write the statement that inserts checked rows if they differ from the state of their key.

        `until` is an SQL condition on the versions in raw from which the state is determined.
        `only` is an SQL condition on the rows to insert. Both begin with `and`.
        """
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

    def insert_vanished(self, batch_id: int, at: datetime, export_of: str | None = None) -> int:
        """Insert a tombstone for each key that a full delivery does not list.

        Only keys whose record exists at the moment `at` get a tombstone. If the row of a record was
        rejected, the record counts as listed, because it has not vanished. The export of a force,
        `export_of`, lets only records of that force vanish. Return the number of tombstones.
        """
        if self._loaded is not None:
            return 0  # Raw was empty before.
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
                    where k.force_code = {force} and k.version_at <= %(at)s {of_export}
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
                of_export=self._of_export(),
            ),
            {"batch": batch_id, "at": at, "export_of": export_of},
        )

    def known_before(self, batch_id: int, at: datetime | None = None) -> int:
        """Count the records that existed at the moment `at`, as known before this batch.

        Without `at`, count the records that exist in the latest state.
        """
        cursor = self.run(
            "known",
            lambda: SQL(
                """
                select count(*) filter (where not s.is_tombstone)
                from (
                    select distinct on (k.row_key) k.is_tombstone
                    from {raw} as k
                    where
                        k.force_code = {force} and k.batch_id < %(batch)s
                        and k.version_at <= coalesce(%(at)s::timestamptz, 'infinity')
                    order by k.row_key, k.version_at desc, k.batch_id desc
                ) as s
                """
            ).format(raw=self.raw, force=self.force),
            {"batch": batch_id, "at": at},
        )
        return int(fetch_one(cursor)[0])

    def rows_without_key(self) -> int:
        """Count the rejected rows whose key cannot be read, so that their record is unknown."""
        if not self._found.rejected:
            return 0
        cursor = self.run(
            "without key",
            lambda: SQL(
                "select count(*) from {} where row_key is null and cardinality(reasons) > 0"
            ).format(checks.checked(self.table)),
        )
        return int(fetch_one(cursor)[0])

    # ---------------------------------------------------------------- late-arriving deliveries

    def restore_later_versions(
        self,
        batch_id: int,
        at: datetime,
        unnamed: Iterable[tuple[int, str]] = (),
        export_of: str | None = None,
    ) -> int:
        """After a late full delivery, restore the versions of the next full delivery.

        After the export of a force, `export_of`, that is the next export of the same force.

        The next delivery is the one for the next later moment. If that delivery listed a record
        unchanged, it added no row to raw. Then the version from the late delivery would wrongly
        stay valid after the next delivery. So for each key that the late batch has changed, this
        method inserts the version of the next delivery again.

        If the row of a key in the next delivery was rejected and not replayed, the delivery after
        that one is used. A delivery is also passed over for a key if `unnamed` contains the pair of
        its batch and the key, because it says nothing about that record.

        Return the number of restored versions.
        """
        pairs = list(unnamed)
        return self._insert(
            "restored",
            lambda: SQL(RESTORE_LATER_VERSIONS).format(
                raw=self.raw,
                names=self._names(),
                values=SQL(", ").join(
                    SQL(
                        "case when previous.row_key is null then c.{n} else previous.{n} end"
                    ).format(n=Identifier(name))
                    if name in self.table.key
                    else Identifier("previous", name)
                    for name in self.columns
                ),
                provenance=PROVENANCE,
                force=self.force,
                dataset=Literal(self.dataset.name),
                table=Literal(self.table.name),
                landed=Literal(checks.KEY_LANDED_BY_OTHER_ROW),
                previous=self._state(
                    SQL("c.row_key"),
                    SQL("and k.version_at <= later.delivered_for and k.batch_id < %(batch)s"),
                ),
            ),
            {
                "batch": batch_id,
                "at": at,
                "export_of": export_of,
                "unnamed_in": [batch for batch, _ in pairs],
                "unnamed": [key for _, key in pairs],
            },
        )

    def keys_of_batch(self, batch_id: int, at: datetime) -> set[str]:
        """Return the keys for which a batch has inserted a version for the moment `at`."""
        cursor = self.run(
            "of batch",
            lambda: SQL(
                "select row_key from {} where force_code = {} and batch_id = %(batch)s"
                " and version_at = %(at)s"
            ).format(self.raw, self.force),
            {"batch": batch_id, "at": at},
        )
        return {key for (key,) in cursor.fetchall()}

    def keys_changed_late(self, batch_id: int, at: datetime) -> set[str]:
        """Return the keys whose state a late-arriving delivery of changes has replaced.

        These are the keys of the batch for which an earlier batch had already inserted a version
        with a version time of `at` or before.
        """
        cursor = self.run(
            "changed late",
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
        """Insert the checked rows of a later delivery that have one of the keys.

        Return the keys that the delivery does not list.
        """
        self._insert_listed(batch_id, at, keys)
        cursor = self.run(
            "listed",
            lambda: SQL(
                "select row_key from {} where row_key = any(%(keys)s) and cardinality(reasons) = 0"
            ).format(checks.checked(self.table)),
            {"keys": list(keys)},
        )
        return keys - {key for (key,) in cursor.fetchall()}

    # ---------------------------------------------------------------- quarantine and helpers

    def quarantine(self, batch_id: int) -> None:
        """Put the rejected rows into quarantine, with all their reasons."""
        self.run(
            "quarantine",
            lambda: quarantine.insert_statement(self.dataset, self.table),
            {"batch": batch_id, "rejected": self._found.rejected},
        )

    def _of_export(self) -> Composable:
        """Return the condition that a version belongs to the force whose export is landed."""
        rule = self.dataset.files.manifest
        if rule is None:
            return SQL("")
        return SQL("and k.{} = %(export_of)s").format(Identifier(rule.force_column))

    def _state(self, key: Composable, until: Composable) -> Composed:
        return STATE.format(raw=self.raw, force=self.force, key=key, until=until)

    def _names(self, alias: str | None = None) -> Composed:
        return SQL(", ").join(
            Identifier(alias, name) if alias else Identifier(name) for name in self.columns
        )

    def _insert(self, name: str, write: Callable[[], Composed], values: Mapping[str, Any]) -> int:
        return self.run(name, write, values).rowcount

    def run(
        self, name: str, write: Callable[[], Composed], values: Mapping[str, Any] | None = None
    ) -> psycopg.Cursor[Any]:
        """Execute a statement.

        The function `write` composes the text of the statement. It is called only the first time,
        because the text is kept under `name`.
        """
        if name not in self._written:
            self._written[name] = write().as_bytes(self.connection)
        return self.connection.execute(self._written[name], values)
