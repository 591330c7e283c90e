"""What raw and a kept batch must agree in, written as SQL: each query returns what does not.

A row of each result is a place (or null), a key (or null), and in words what is wrong with it: the
names of columns, never a value.
"""

from collections.abc import Sequence
from typing import LiteralString

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from oic_assurance.landing import checks
from oic_assurance.landing.raw_tables import raw_name
from oic_assurance.sources.declarations.model import Dataset, Table


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
        *,
        with_fingerprint: bool = True,
    ) -> None:
        """`kept` is a query for the kept rows, `names` are the columns that they speak of.

        Their `row_fingerprint` is what raw must have, unless it is of other columns than raw's.
        """
        self._dataset = dataset
        self._table = table
        self._force = Literal(force_code)
        self._raw = raw_name(dataset, table)
        self._kept = kept
        self._names = names
        # How a moment was written is no part of what it says.
        self._content = list(dataset.content_columns(table))
        self._said = [name for name in names if name in table.names or not name.endswith("_text")]
        self._from_file = dataset.kind == "file"
        self._compared = [*names, "row_fingerprint"] if with_fingerprint else list(names)

    def queries(self) -> list[Composed]:
        """Return the queries for a delivery of rows."""
        found = [self._places(), self._twice(), self._said_again(), self._unaccounted()]
        found += [self._quarantine_places(), self._moments(), self._loose_fingerprints()]
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
            differ=self._differ("r", "k", self._compared),
        )

    def fingerprints(self) -> Composed:
        """Count the rows whose fingerprint is that of the columns they speak of, and the others."""
        made = checks.fingerprint([Identifier("k", name) for name in self._said])
        return self._query(
            """
            select
                count(*) filter (where r.row_fingerprint = {made}),
                count(*) filter (where r.row_fingerprint is distinct from {made})
            from {raw_rows} as r
            inner join {kept} as k on r.row_number = k.row_number
            where not r.is_tombstone
            """,
            made=made,
        )

    def _loose_fingerprints(self) -> Composed:
        """Find fingerprints of rows without a place that are not of what these rows say."""
        made = [
            Identifier("r", name)
            for name in self._content
            if name in self._table.names or not name.endswith("_text")
        ]
        return self._query(
            """
            select
                r.row_number, r.row_key,
                case
                    when r.is_tombstone then 'raw has a fingerprint of what has vanished'
                    else 'raw and what was said before differ in row_fingerprint'
                end
            from {raw_rows} as r
            where case
                when r.is_tombstone then r.row_fingerprint is not null
                else
                    r.row_number is null and r.row_fingerprint is distinct from {made}
                    and not exists (
                        select from {raw} as k
                        where
                            k.force_code = {force} and k.row_key = r.row_key
                            and k.batch_id < %(batch)s and k.row_fingerprint = r.row_fingerprint
                            and not {differ}
                    )
            end
            """,
            made=checks.fingerprint(made),
            differ=self._differ("r", "k"),
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
                -- Of what was landed as another record's, an erasure leaves the place alone.
                and (r.content is not null or r.replayed_in is null)
                and (k.row_number is null or r.row_key is distinct from k.row_key)
            """
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
            for name in self._compared
        )
        return SQL("array_to_string(array[{}], ', ')").format(cases)
