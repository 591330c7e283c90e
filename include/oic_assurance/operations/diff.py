"""The difference between two tables with the same key, as rows. Nothing else compares tables."""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

#: A row of a query, keyed by column.
Row = dict[str, Any]

_DIFFERENCE = """
select
    {names}, {values}, {shown}
    old.{first} is not null as in_before, new.{first} is not null as in_after,
    {is_equal} as is_equal
from {before} as old
full join {after} as new using ({key})
where {every_row} or not {is_equal}
order by {key}
limit {limit}
"""


def difference(
    conn: psycopg.Connection,
    before: sql.Composable,
    after: sql.Composable,
    key: Sequence[str],
    values: Sequence[str],
    *,
    every_row: bool = False,
    as_text: bool = False,
    shown: Sequence[str] = (),
    limit: int | None = None,
) -> list[Row]:
    """Return a row for each key whose values differ, in the order of the keys.

    Each has the columns of the key, `…_before` and `…_after` for each value, and whether it is
    `in_before`, `in_after`, and `is_equal`. `before` and `after` are tables or
    queries in brackets.

    The columns `shown` are returned as texts and not compared. A table of an earlier version may
    lack them.

    With `every_row`, rows that are equal are returned too. With `as_text`, values are compared and
    returned as text, as in fingerprints, so even the last digit of a number counts, and a row that
    only one table has always differs.
    """
    kind = sql.SQL("::text" if as_text else "")
    compared = [*key, *values] if as_text else list(values)
    old, new = (
        sql.SQL("row({}){}").format(
            sql.SQL(", ").join(sql.Identifier(side, name) for name in compared), kind
        )
        for side in ("old", "new")
    )
    query = sql.SQL(_DIFFERENCE).format(
        names=sql.SQL(", ").join(
            sql.SQL("{}{} as {}").format(sql.Identifier(name), kind, sql.Identifier(name))
            for name in key
        ),
        values=sql.SQL(", ").join(
            sql.SQL("{}{} as {}").format(
                sql.Identifier(side, name), kind, sql.Identifier(f"{name}_{when}")
            )
            for name in values
            for side, when in (("old", "before"), ("new", "after"))
        ),
        shown=sql.SQL("").join(
            sql.SQL("to_jsonb({}) ->> {} as {}, ").format(
                sql.Identifier(side), sql.Literal(name), sql.Identifier(f"{name}_{when}")
            )
            for name in shown
            for side, when in (("old", "before"), ("new", "after"))
        ),
        first=sql.Identifier(key[0]),
        is_equal=sql.SQL("({} is not distinct from {})").format(old, new),
        before=before,
        after=after,
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
        every_row=sql.Literal(every_row),
        limit=sql.Literal(limit),
    )
    return conn.cursor(row_factory=dict_row).execute(query).fetchall()
