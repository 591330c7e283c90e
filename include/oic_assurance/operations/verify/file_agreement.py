"""What raw and a file that was kept must agree in besides: what vanished, and what stands since.

As `agreement` does, each query returns what does not agree: a place, a key, and words.
"""

from psycopg.sql import SQL, Composed, Literal

from oic_assurance.operations.verify.agreement import Agreement


class FileAgreement(Agreement):
    """The queries for one table of a dataset that comes in files."""

    def queries(self) -> list[Composed]:
        """Return the queries for a delivery of rows."""
        found = [*super().queries(), self._wrong_tombstones(), self._overtaken()]
        if self._dataset.delivery == "full":
            found += [self._lost_tombstones(), self._risen()]
        return found

    # ---------------------------------------------------------------- what vanished

    def _lost_tombstones(self) -> Composed:
        return self._query(
            """
            select
                null::bigint, s.row_key,
                'the delivery does not name it any more, and raw does not have it vanished'
            from {alive} as s
            where
                not s.is_tombstone
                and not exists (select from {kept} as k where k.row_key = s.row_key)
                -- The kept row has gone where it was landed as a record that was erased.
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
        )

    def _wrong_tombstones(self) -> Composed:
        named = SQL("exists (select from {kept} as k where k.row_key = r.row_key)")
        return self._query(
            """
            select
                r.row_number, r.row_key,
                'raw has it vanished, and the delivery does not say so'
            from {raw_rows} as r
            where
                r.is_tombstone and case
                    when r.version_at = %(at)s
                        then {named} or not exists (
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
            named=named.format(kept=self._kept),
        )

    # ---------------------------------------------------------------- what stands since

    def _overtaken(self) -> Composed:
        """Find records that do not stand at the delivery's moment as it says, whatever came later.

        A delivery that lands late has to say again what this one had said.
        """
        return self._query(
            """
            select
                k.row_number, k.row_key,
                'another version than the delivery''s stands at its moment, and none says so'
            from {kept} as k
            inner join lateral (
                select s.* from {raw} as s
                where s.force_code = {force} and s.row_key = k.row_key and s.version_at <= %(at)s
                order by s.version_at desc, s.batch_id desc
                limit 1
            ) as stands on true
            where
                k.repeats is null and stands.batch_id > %(batch)s
                and (stands.is_tombstone or {differ})
                and not exists (
                    select from audit.rejected_row as r
                    where
                        r.batch_id = %(batch)s and r.table_name = {table}
                        and (r.row_number = k.row_number or r.replayed_key = k.row_key)
                )
                and {may_be_overtaken}
            """,
            differ=self._differ("stands", "k"),
            may_be_overtaken=self._may_be_overtaken(),
        )

    def _risen(self) -> Composed:
        """Find records that a full delivery does not name, and that stand at its moment since."""
        return self._query(
            """
            select
                null::bigint, c.row_key,
                'it stands at the moment of a delivery that does not name it, and none says so'
            from (
                select distinct s.row_key from {raw} as s
                where
                    s.force_code = {force} and s.batch_id > %(batch)s and s.version_at <= %(at)s
                    and not s.is_tombstone
            ) as c
            inner join lateral (
                select s.* from {raw} as s
                where s.force_code = {force} and s.row_key = c.row_key and s.version_at <= %(at)s
                order by s.version_at desc, s.batch_id desc
                limit 1
            ) as stands on true
            where
                not stands.is_tombstone
                and not exists (select from {kept} as k where k.row_key = c.row_key)
                and not exists (
                    select from audit.rejected_row as r
                    where
                        r.batch_id = %(batch)s and r.table_name = {table}
                        and c.row_key in (r.row_key, r.replayed_key)
                )
                and {may_be_overtaken}
            """,
            may_be_overtaken=self._may_be_overtaken(),
        )

    # ---------------------------------------------------------------- parts

    def _alive(self) -> Composed:
        return SQL(
            """
            (
                select distinct on (k.row_key) k.row_key, k.is_tombstone
                from {} as k
                where
                    k.force_code = {} and k.batch_id < %(batch)s and k.version_at <= %(at)s
                order by k.row_key, k.version_at desc, k.batch_id desc
            )
            """
        ).format(self._raw, self._force)

    def _may_be_overtaken(self) -> Composed:
        """Write whether a batch was landed since that is for an earlier moment, or mends this one.

        Mostly not, and then nothing is looked up. Where a file for the same moment was landed
        later, that one speaks.
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
