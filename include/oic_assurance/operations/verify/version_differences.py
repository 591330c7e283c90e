"""SQL queries for delivered files that find wrong or missing tombstones and valid versions.

As in `row_differences`, each query returns one row for each difference, with three columns: a row
number or null, a key, and a message.
"""

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from oic_assurance.operations.verify.row_differences import Agreement


class FileAgreement(Agreement):
    """The queries for one table of a dataset that is delivered in files."""

    def queries(self) -> list[Composed]:
        """Return the queries for a delivery of rows."""
        found = [*super().queries(), self._wrong_tombstones(), self._overridden_versions()]
        if self._dataset.delivery == "full":
            found += [self._missing_tombstones(), self._missing_deletions()]
        return found

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
            differ=self._differ("current_version", "k"),
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
