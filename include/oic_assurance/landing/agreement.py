"""What raw and a kept batch must agree in, written as SQL: each query returns what does not.

A row of each result is a place (or null), a key (or null), and in words what is wrong with it: the
names of columns, never a value.
"""

from collections.abc import Sequence
from typing import LiteralString

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from oic_assurance.landing.raw_tables import raw_name
from oic_assurance.sources.model import Dataset, Table


class Agreement:
    """The queries for one table of a dataset.

    They are asked with `batch` and `at`: the batch's id and the moment it was delivered for.
    """

    def __init__(
        self,
        dataset: Dataset,
        table: Table,
        force_code: str,
        kept: Composable,
        names: Sequence[str],
    ) -> None:
        """`kept` is a query for the kept rows, `names` are the columns that they speak of."""
        self._dataset = dataset
        self._table = table
        self._force = Literal(force_code)
        self._raw = raw_name(dataset, table)
        self._kept = kept
        self._names = names
        # How a moment was written is no part of what it says.
        self._said = [name for name in names if name in table.names or not name.endswith("_text")]
        self._from_file = dataset.kind == "file"

    def queries(self) -> list[Composed]:
        """Return the queries for a delivery of rows."""
        found = [self._places(), self._twice(), self._said_again(), self._unaccounted()]
        found += [self._quarantine_places(), self._moments()]
        if self._from_file:
            found += [self._lost_tombstones(), self._wrong_tombstones()]
        return found

    def of_replay(self) -> list[Composed]:
        """Return the queries for a replay, which brings some rows of an earlier delivery.

        What later deliveries had said of its rows stands, so raw need not hold all of them.
        """
        return [self._places(), self._twice()]

    # ---------------------------------------------------------------- rows of raw

    def _places(self) -> Composed:
        """Find raw rows that do not say what stands at their place."""
        return self._query(
            """
            select
                r.row_number, r.row_key,
                case
                    when k.row_number is null
                        then 'raw names this place, and the kept batch has no row there'
                    when k.row_key is distinct from r.row_key
                        then 'raw holds another key than the kept batch'
                    else 'raw and the kept batch differ in ' || {differing}
                end
            from {raw_rows} as r
            left join {kept} as k on r.row_number = k.row_number
            where
                r.row_number is not null and not r.is_tombstone
                and (
                    k.row_number is null or k.row_key is distinct from r.row_key or {differ}
                )
            """,
            differing=self._differing("r", "k"),
            differ=self._differ("r", "k", self._names),
        )

    def _twice(self) -> Composed:
        return self._query(
            """
            select r.row_number, max(r.row_key), 'raw holds ' || count(*) || ' rows of this place'
            from {raw_rows} as r
            where r.row_number is not null and not r.is_tombstone
            group by r.row_number
            having count(*) > 1
            """
        )

    def _moments(self) -> Composed:
        """Find versions that are valid from another moment than their delivery says."""
        wrong: Composable = SQL("r.row_number is not null and r.version_at <> %(at)s")
        if not self._from_file:
            cursor = Identifier(self._dataset.place.cursor)  # type: ignore[union-attr]
            wrong = SQL("r.version_at < r.{}").format(cursor)
        return self._query(
            """
            select r.row_number, r.row_key, 'raw has it valid from another moment than it came for'
            from {raw_rows} as r
            where not r.is_tombstone and {wrong}
            """,
            wrong=wrong,
        )

    def _said_again(self) -> Composed:
        """Find rows without a place that do not say again what raw holds of the key already."""
        return self._query(
            """
            select r.row_number, r.row_key, 'raw holds a row that no delivery had said'
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
                            b.dataset = {dataset} and b.status = 'landed'
                            and b.delivered_for = r.version_at and b.delivered_for > %(at)s
                    )
                )
            """,
            differ=self._differ("r", "k"),
        )

    # ---------------------------------------------------------------- rows of the batch

    def _unaccounted(self) -> Composed:
        """Find kept rows that are nowhere: no version, no change to what was known, no rejection.

        A database row that is broken stays in its source and is rejected once, not each time.
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
                'the kept batch has this row, and it is neither in raw nor in quarantine'
            from {kept} as k
            left join {raw_rows} as mine
                on k.row_number = mine.row_number and not mine.is_tombstone
            where
                k.repeats is null and mine.row_number is null
                and not exists (
                    select from audit.rejected_row as r
                    where r.dataset = {dataset} and r.table_name = {table} and ({before})
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
            differ=self._differ("known", "k"),
        )

    def _quarantine_places(self) -> Composed:
        return self._query(
            """
            select
                r.row_number, r.row_key,
                case
                    when k.row_number is null
                        then 'quarantine names this place, and the kept batch has no row there'
                    else 'quarantine holds another key than the kept batch'
                end
            from audit.rejected_row as r
            left join {kept} as k on r.row_number = k.row_number
            where
                r.batch_id = %(batch)s and r.table_name = {table} and r.row_number is not null
                and (k.row_number is null or r.row_key is distinct from k.row_key)
            """
        )

    # ---------------------------------------------------------------- what vanished

    def _lost_tombstones(self) -> Composed:
        if self._dataset.delivery != "full":
            return self._query("select null::bigint, null::text, null::text where false")
        return self._query(
            """
            select
                null::bigint, s.row_key,
                'the delivery does not name it any more, and raw does not have it vanished'
            from {alive} as s
            where
                not s.is_tombstone
                and not exists (select from {kept} as k where k.row_key = s.row_key)
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

    def vanished(self, keys: Composable) -> list[Composed]:
        """Return the queries for a reconciliation; `keys` are its places and keys."""
        return [
            self._query(
                """
                select
                    coalesce(r.row_number, k.row_number), coalesce(r.row_key, k.row_key),
                    case
                        when r.row_key is null then 'it vanished, and raw does not say so'
                        else 'raw has it vanished, and the kept batch does not say so'
                    end
                from {raw_rows} as r
                full join {keys} as k on r.row_number = k.row_number and r.row_key = k.row_key
                where r.row_key is null or k.row_key is null or not r.is_tombstone
                """,
                keys=keys,
            )
        ]

    # ---------------------------------------------------------------- parts

    def _query(self, text: LiteralString, **parts: Composable) -> Composed:
        raw_rows = SQL("(select * from {} where force_code = {} and batch_id = %(batch)s)").format(
            self._raw, self._force
        )
        return SQL(text).format(
            raw=self._raw,
            raw_rows=raw_rows,
            kept=self._kept,
            force=self._force,
            dataset=Literal(self._dataset.name),
            table=Literal(self._table.name),
            **parts,
        )

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

    def _differ(self, one: str, other: str, names: Sequence[str] | None = None) -> Composed:
        one_row, other_row = (
            SQL(", ").join(Identifier(alias, name) for name in names or self._said)
            for alias in (one, other)
        )
        return SQL("(row({}) is distinct from row({}))").format(one_row, other_row)

    def _differing(self, one: str, other: str) -> Composed:
        cases = SQL(", ").join(
            SQL("case when {} is distinct from {} then {} end").format(
                Identifier(one, name), Identifier(other, name), Literal(name)
            )
            for name in self._names
        )
        return SQL("array_to_string(array[{}], ', ')").format(cases)
