"""SQL queries that find differences between raw or quarantine and an archived batch.

For a delivered file, they also find wrong or missing tombstones and valid versions.

Each query returns one row for each difference, with three columns: the row number or null, the key
or null, and a message. A message names columns and never contains a value.
"""

from collections.abc import Sequence
from typing import LiteralString

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from oic_assurance.landing import checks
from oic_assurance.landing.raw_tables import raw_name
from oic_assurance.sources.declarations.model import Dataset, Table


class Agreement:
    """The queries that check whether one table agrees with an archived batch.

    Each query has two parameters. `batch` is the ID of the batch. `at` is the moment that its rows
    describe (`audit.batch.delivered_for`).
    """

    def __init__(
        self,
        dataset: Dataset,
        table: Table,
        force_code: str,
        archived: Composable,
        names: Sequence[str],
        *,
        with_fingerprint: bool = True,
    ) -> None:
        """Prepare the queries.

        `archived` is a query for the archived rows, and `names` are the columns of these rows. With
        `with_fingerprint`, the `row_fingerprint` in raw must match the archived row. Use
        `with_fingerprint=False` if the fingerprints in raw may cover columns other than today's.
        """
        self._dataset = dataset
        self._table = table
        self._force = Literal(force_code)
        self._raw = raw_name(dataset, table)
        self._archived = archived
        self._names = names
        self._content = list(dataset.content_columns(table))
        # A fingerprint does not cover the `_text` columns, which hold how a moment was written.
        self._fingerprinted = [
            name for name in names if name in table.names or not name.endswith("_text")
        ]
        self._from_file = dataset.kind == "file"
        self._compared = [*names, "row_fingerprint"] if with_fingerprint else list(names)

    def queries(self) -> list[Composed]:
        """Return the queries for a delivery of rows."""
        found = [
            self._different_rows(),
            self._duplicate_rows(),
            self._unconfirmed_versions(),
            self._missing_rows(),
            self._wrong_rejected_rows(),
            self._wrong_version_times(),
            self._wrong_fingerprints(),
        ]
        if self._from_file:
            found += [self._wrong_tombstones(), self._overridden_versions()]
        if self._from_file and self._dataset.delivery == "full":
            found += [self._missing_tombstones(), self._missing_deletions()]
        return found

    def of_replay(self) -> list[Composed]:
        """Return the queries for a replay, which lands some rows of an earlier delivery.

        No query looks for replayed rows that raw lacks, because a later delivery can override a
        replayed row.
        """
        return [self._different_rows(), self._duplicate_rows()]

    # ---------------------------------------------------------------- rows of raw

    def _different_rows(self) -> Composed:
        """Find rows of raw that differ from the archived row with the same row number."""
        return self._query(
            """
            select
                r.row_number, r.row_key,
                case
                    when k.row_number is null
                        then 'raw has this row number, but the archived batch has not'
                    when k.row_key is distinct from r.row_key
                        then 'raw has another key than the archived batch'
                    else 'raw and the archived batch differ in ' || {differing}
                end
            from {raw_rows} as r
            left join {archived} as k on r.row_number = k.row_number
            where
                r.row_number is not null and not r.is_tombstone
                and (
                    k.row_number is null or k.row_key is distinct from r.row_key or {differ}
                )
            """,
            differing=self._differing(),
            differ=self._differ("r", self._compared),
        )

    def fingerprints(self) -> Composed:
        """Return a query that counts rows of raw with right and wrong fingerprints.

        The first count is the number of rows whose fingerprint matches the archived row. The second
        is the number of rows whose fingerprint does not match.
        """
        expected = checks.fingerprint([Identifier("k", name) for name in self._fingerprinted])
        return self._query(
            """
            select
                count(*) filter (where r.row_fingerprint = {expected}),
                count(*) filter (where r.row_fingerprint is distinct from {expected})
            from {raw_rows} as r
            inner join {archived} as k on r.row_number = k.row_number
            where not r.is_tombstone
            """,
            expected=expected,
        )

    def _wrong_fingerprints(self) -> Composed:
        """Find restored rows whose fingerprint is wrong, and tombstones that have a fingerprint.

        A row without a row number restores an earlier version. Its fingerprint must match the
        columns of the row, or must be the fingerprint of the earlier version.
        """
        columns = [
            Identifier("r", name)
            for name in self._content
            if name in self._table.names or not name.endswith("_text")
        ]
        return self._query(
            """
            select
                r.row_number, r.row_key,
                case
                    when r.is_tombstone then 'raw has a fingerprint for a tombstone'
                    else 'the restored version and the earlier one differ in row_fingerprint'
                end
            from {raw_rows} as r
            where case
                when r.is_tombstone then r.row_fingerprint is not null
                else
                    r.row_number is null and r.row_fingerprint is distinct from {expected}
                    and not exists (
                        select from {raw} as k
                        where
                            k.force_code = {force} and k.row_key = r.row_key
                            and k.batch_id < %(batch)s and k.row_fingerprint = r.row_fingerprint
                            and not {differ}
                    )
            end
            """,
            expected=checks.fingerprint(columns),
            differ=self._differ("r"),
        )

    def _duplicate_rows(self) -> Composed:
        return self._query(
            """
            select
                r.row_number, max(r.row_key),
                'raw has ' || count(*) || ' rows with this row number'
            from {raw_rows} as r
            where r.row_number is not null and not r.is_tombstone
            group by r.row_number
            having count(*) > 1
            """
        )

    def _wrong_version_times(self) -> Composed:
        """Find versions whose version time does not match their delivery.

        For a file, the version time must be the moment of the delivery. For a database, the version
        time must not be before the time in the cursor column.
        """
        wrong: Composable = SQL("r.row_number is not null and r.version_at <> %(at)s")
        if not self._from_file:
            cursor = Identifier(self._dataset.place.cursor)  # type: ignore[union-attr]
            wrong = SQL("r.version_at < r.{}").format(cursor)
        return self._query(
            """
            select r.row_number, r.row_key, 'its version time in raw is not that of the delivery'
            from {raw_rows} as r
            where not r.is_tombstone and {wrong}
            """,
            wrong=wrong,
        )

    def _unconfirmed_versions(self) -> Composed:
        """Find rows without a row number that do not restore a version of an earlier batch.

        A row that restores a version is correct only if a delivery for its version time was landed.
        """
        return self._query(
            """
            select r.row_number, r.row_key, 'raw has a row that no delivery contained'
            from {raw_rows} as r
            where
                r.row_number is null and not r.is_tombstone
                and not (
                    exists (
                        select from {raw} as k
                        where
                            k.force_code = {force} and k.row_key = r.row_key
                            and k.batch_id < %(batch)s and not k.is_tombstone and not {differ}
                    )
                    and exists (
                        select from audit.batch as b
                        where
                            b.force_code = {force} and b.dataset = {dataset}
                            and b.status = 'landed'
                            and b.delivered_for = r.version_at and b.delivered_for > %(at)s
                    )
                )
            """,
            differ=self._differ("r"),
        )

    # ---------------------------------------------------------------- rows of the batch

    def _missing_rows(self) -> Composed:
        """Find archived rows that are neither in raw nor in quarantine, but should be.

        Two kinds of rows may be missing. A row that repeats a version in raw is not stored again. A
        wrong row in a source database can be extracted many times, but goes into quarantine only
        once.
        """
        before = SQL("r.batch_id = %(batch)s and r.row_number = k.row_number")
        until = SQL("and s.version_at <= %(at)s")
        if not self._from_file:
            before = SQL(
                "(r.batch_id = %(batch)s and r.row_number = k.row_number)"
                " or (r.batch_id < %(batch)s and r.row_key = k.row_key)"
            )
            until = SQL("")
        return self._query(
            """
            select
                k.row_number, k.row_key,
                'the archived batch has this row, but it is neither in raw nor in quarantine'
            from {archived} as k
            left join {raw_rows} as landed
                on k.row_number = landed.row_number and not landed.is_tombstone
            where
                k.repeats is null and landed.row_number is null
                and not exists (
                    select
                    from audit.rejected_row as r
                    inner join audit.batch as b using (batch_id)
                    where
                        b.force_code = {force} and r.dataset = {dataset}
                        and r.table_name = {table} and ({before})
                )
                and not exists (
                    select
                    from (
                        select s.* from {raw} as s
                        where
                            s.force_code = {force} and s.row_key = k.row_key
                            and s.batch_id < %(batch)s {until}
                        order by s.version_at desc, s.batch_id desc
                        limit 1
                    ) as known
                    where not known.is_tombstone and not {differ}
                )
            """,
            before=before,
            until=until,
            differ=self._differ("known"),
        )

    def _wrong_rejected_rows(self) -> Composed:
        """Find rows in quarantine that differ from the archived row with the same row number."""
        return self._query(
            """
            select
                r.row_number, r.row_key,
                case
                    when k.row_number is null
                        then 'quarantine has this row number, but the archived batch has not'
                    else 'quarantine has another key than the archived batch'
                end
            from audit.rejected_row as r
            left join {archived} as k on r.row_number = k.row_number
            where
                r.batch_id = %(batch)s and r.table_name = {table} and r.row_number is not null
                -- An erasure blanks rows that were replayed as another record's.
                and (r.content is not null or r.replayed_in is null)
                and (k.row_number is null or r.row_key is distinct from k.row_key)
            """
        )

    def vanished(self, keys: Composable) -> list[Composed]:
        """Return the queries for a reconciliation.

        `keys` is a query for the row numbers and keys of the records that vanished.
        """
        return [
            self._query(
                """
                select
                    coalesce(r.row_number, k.row_number), coalesce(r.row_key, k.row_key),
                    case
                        when r.row_key is null
                            then 'the archived batch lists it as vanished, but raw has no tombstone'
                        else 'raw has a tombstone, but the archived batch does not list it'
                    end
                from {raw_rows} as r
                full join {keys} as k on r.row_number = k.row_number and r.row_key = k.row_key
                where r.row_key is null or k.row_key is null or not r.is_tombstone
                """,
                keys=keys,
            )
        ]

    # ---------------------------------------------------------------- tombstones

    def _missing_tombstones(self) -> Composed:
        """Find records that a full delivery no longer lists and that have no tombstone."""
        return self._query(
            """
            select
                null::bigint, s.row_key,
                'the delivery does not list it any more, but raw has no tombstone'
            from {alive} as s
            where
                not s.is_tombstone and {lets_vanish}
                and not exists (select from {archived} as k where k.row_key = s.row_key)
                -- An erasure removes the archived row if it was replayed as an erased record.
                and not exists (
                    select from audit.rejected_row as r
                    where
                        r.batch_id = %(batch)s and r.table_name = {table} and r.row_key = s.row_key
                )
                and not exists (
                    select from {raw_rows} as r
                    where r.is_tombstone and r.row_key = s.row_key and r.version_at = %(at)s
                )
            """,
            alive=self._alive(),
            lets_vanish=self._lets_vanish(),
        )

    def _wrong_tombstones(self) -> Composed:
        """Find tombstones of records that the delivery lists or that did not exist beforehand.

        A tombstone for a later moment than the delivery's restores a deletion that a later delivery
        confirms. Such a tombstone is right only if the batch also has a version of the record for
        the delivery's moment.
        """
        listed = SQL("exists (select from {archived} as k where k.row_key = r.row_key)")
        return self._query(
            """
            select
                r.row_number, r.row_key,
                'raw has a tombstone, but the record did not vanish with this delivery'
            from {raw_rows} as r
            where
                r.is_tombstone and case
                    when r.version_at = %(at)s
                        then {listed} or not exists (
                            select from {raw} as s
                            where
                                s.force_code = {force} and s.row_key = r.row_key
                                and s.batch_id < %(batch)s and s.version_at <= %(at)s
                                and not s.is_tombstone
                        )
                    else not exists (
                        select from {raw_rows} as late
                        where late.row_key = r.row_key and late.version_at = %(at)s
                    )
                end
            """,
            listed=listed.format(archived=self._archived),
        )

    # ---------------------------------------------------------------- versions at the moment

    def _overridden_versions(self) -> Composed:
        """Find records whose version at the delivery's moment is not the delivered version.

        If a delivery for an earlier moment was landed after this one, landing had to restore the
        versions that this delivery confirms.
        """
        return self._query(
            """
            select
                k.row_number, k.row_key,
                'another version than the delivered one is valid at the moment of the delivery'
            from {archived} as k
            inner join lateral (
                select s.* from {raw} as s
                where s.force_code = {force} and s.row_key = k.row_key and s.version_at <= %(at)s
                order by s.version_at desc, s.batch_id desc
                limit 1
            ) as current_version on true
            where
                k.repeats is null and current_version.batch_id > %(batch)s
                and (current_version.is_tombstone or {differ})
                and not exists (
                    select from audit.rejected_row as r
                    where
                        r.batch_id = %(batch)s and r.table_name = {table}
                        and (r.row_number = k.row_number or r.replayed_key = k.row_key)
                )
                and {may_be_overridden}
            """,
            differ=self._differ("current_version"),
            may_be_overridden=self._may_be_overridden(),
        )

    def _missing_deletions(self) -> Composed:
        """Find records that exist at the moment of a full delivery that does not list them."""
        return self._query(
            """
            select
                null::bigint, c.row_key,
                'it exists at the moment of the delivery, but the delivery does not list it'
            from (
                select distinct s.row_key from {raw} as s
                where
                    s.force_code = {force} and s.batch_id > %(batch)s and s.version_at <= %(at)s
                    and not s.is_tombstone {of_export}
            ) as c
            inner join lateral (
                select s.* from {raw} as s
                where s.force_code = {force} and s.row_key = c.row_key and s.version_at <= %(at)s
                order by s.version_at desc, s.batch_id desc
                limit 1
            ) as current_version on true
            where
                not current_version.is_tombstone and {lets_vanish}
                and not exists (select from {archived} as k where k.row_key = c.row_key)
                and not exists (
                    select from audit.rejected_row as r
                    where
                        r.batch_id = %(batch)s and r.table_name = {table}
                        and c.row_key in (r.row_key, r.replayed_key)
                )
                and {may_be_overridden}
            """,
            lets_vanish=self._lets_vanish(),
            may_be_overridden=self._may_be_overridden(),
            of_export=self._of_export("s"),
        )

    # ---------------------------------------------------------------- parts

    def _query(self, text: LiteralString, **parts: Composable) -> Composed:
        raw_rows = SQL("(select * from {} where force_code = {} and batch_id = %(batch)s)").format(
            self._raw, self._force
        )
        return SQL(text).format(
            raw=self._raw,
            raw_rows=raw_rows,
            archived=self._archived,
            force=self._force,
            dataset=Literal(self._dataset.name),
            table=Literal(self._table.name),
            **parts,
        )

    def _differ(self, one: str, names: Sequence[str] | None = None) -> Composed:
        one_row, other_row = (
            SQL(", ").join(Identifier(alias, name) for name in names or self._fingerprinted)
            for alias in (one, "k")
        )
        return SQL("(row({}) is distinct from row({}))").format(one_row, other_row)

    def _differing(self) -> Composed:
        cases = SQL(", ").join(
            SQL("case when {} is distinct from {} then {} end").format(
                Identifier("r", name), Identifier("k", name), Literal(name)
            )
            for name in self._compared
        )
        return SQL("array_to_string(array[{}], ', ')").format(cases)

    def _of_export(self, rows: str) -> Composable:
        """Return the condition that a version belongs to the force whose export the batch is.

        No version belongs to a batch from before exports were whole.
        """
        rule = self._dataset.files.manifest
        if rule is None:
            return SQL("")
        return SQL(
            "and {} = (select b.notes ->> 'export_of' from audit.batch as b"
            " where b.batch_id = %(batch)s)"
        ).format(Identifier(rows, rule.force_column))

    def _lets_vanish(self) -> Composed:
        """Return an SQL condition that is true if every key of the full delivery could be read.

        Otherwise no record counts as vanished, and the delivery's notes say so.
        """
        return SQL(
            """
            not exists (
                select from audit.batch as b
                where
                    b.batch_id = %(batch)s
                    and b.notes -> {table} ->> 'rows_without_key' is not null
            )
            """
        ).format(table=Literal(self._table.name))

    def _alive(self) -> Composed:
        return SQL(
            """
            (
                select distinct on (k.row_key) k.row_key, k.is_tombstone
                from {} as k
                where
                    k.force_code = {} and k.batch_id < %(batch)s and k.version_at <= %(at)s {}
                order by k.row_key, k.version_at desc, k.batch_id desc
            )
            """
        ).format(self._raw, self._force, self._of_export("k"))

    def _may_be_overridden(self) -> Composed:
        """Return an SQL condition: true if a late delivery or a replay was landed after the batch.

        Only deliveries for the same or an earlier moment count. For most batches the condition is
        false, and then the server looks up no keys. The condition is also false if a file for the
        same moment was landed later, because that file takes precedence.
        """
        return SQL(
            """
            (
                select
                    count(*) filter (where b.delivered_for <= %(at)s) > 0
                    and count(*) filter (where b.delivered_for = %(at)s and b.kind = 'file') = 0
                from audit.batch as b
                where
                    b.force_code = {} and b.dataset = {} and b.status = 'landed'
                    and b.batch_id > %(batch)s
            )
            """
        ).format(self._force, Literal(self._dataset.name))
