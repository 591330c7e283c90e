"""What was coped with in a file's values, counted for the batch's notes, and what may not be.

`03/04/2026` is the third of April, says the source contract. A file in which dates stand that can
only be read month first was written by other rules, and then nothing tells what its other dates
mean: it is refused whole.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from oic_assurance.errors import DeliveryRefused
from oic_assurance.landing import checks
from oic_assurance.sources.model import Column, Table

ZEROS = "leading_zeros_restored"
DAY_FIRST = "dates_written_dd_mm_yyyy"
SERIALS = "dates_written_as_excel_serials"
CLOCK_CHANGE = "times_a_clock_change_repeats_or_skips"

_MONTH_FIRST = "^(0?[1-9]|1[0-2])/(1[3-9]|2[0-9]|3[01])/"
_ONLY_DAY_FIRST = "^(1[3-9]|2[0-9]|3[01])/(0?[1-9]|1[0-2])/"


def coped_with(connection: psycopg.Connection, table: Table) -> dict[str, dict[str, int]]:
    """Count, by column, what was coped with in the rows of a file that are staged and checked.

    Raises `DeliveryRefused` when a column's dates are written month first.
    """
    staged = SQL("{} as s where fault is null").format(checks.stage(table))
    # What is written as it should be is told by the cheapest of looks; most columns of most files.
    odd = _counted(connection, staged, [("odd", *look) for look in _looks(table)]).get("odd", {})
    counts = [count for column in table.columns if column.name in odd for count in _counts(column)]
    found = _counted(connection, staged, counts)
    for name in found.get(DAY_FIRST, {}):
        _refuse_month_first(connection, table, name)
    flags = [
        (CLOCK_CHANGE, column, Identifier("s", f"{column.name}_is_ambiguous"))
        for column in table.columns
        if column.type == "timestamptz"
    ]
    landed = SQL("{} as s where cardinality(reasons) = 0").format(checks.checked(table))
    return found | _counted(connection, landed, flags)


def _looks(table: Table) -> Iterator[tuple[Column, Composable]]:
    for column in table.columns:
        given = Identifier("s", column.name)
        if column.digits is not None:
            yield column, SQL("length({}) < {}").format(given, Literal(column.digits))
        if column.type in ("date", "timestamptz"):
            yield column, SQL("strpos({}, '-') = 0").format(given)


def _counts(column: Column) -> list[tuple[str, Column, Composable]]:
    given = Identifier("s", column.name)
    if column.digits is not None:
        short = SQL("length({c}) < {digits} and {c} ~ '^[0-9]+$'")
        return [(ZEROS, column, short.format(c=given, digits=Literal(column.digits)))]
    serial = SQL("{} ~ '^[0-9]{{5}}([.][0-9]*)?$'").format(given)
    return [
        (DAY_FIRST, column, SQL("strpos({}, '/') > 0").format(given)),
        (SERIALS, column, serial),
    ]


def _counted(
    connection: psycopg.Connection,
    rows: Composable,
    counts: Sequence[tuple[str, Column, Composable]],
) -> dict[str, dict[str, int]]:
    if not counts:
        return {}
    statement = SQL("select {} from {}").format(
        SQL(", ").join(SQL("count(*) filter (where {})").format(what) for _, _, what in counts),
        rows,
    )
    numbers = connection.execute(statement).fetchone() or ()
    found: dict[str, dict[str, int]] = {}
    for (note, column, _), number in zip(counts, numbers, strict=True):
        if number:
            found.setdefault(note, {})[column.name] = number
    return found


def _refuse_month_first(connection: psycopg.Connection, table: Table, column: str) -> None:
    given = Identifier("s", column)
    statement: Composed = SQL(
        """
        select
            count(*) filter (where {given} ~ {month_first}) as month_first,
            count(*) filter (where {given} ~ {day_first}) as day_first,
            count(*) filter (
                where {given} !~ {month_first} and {given} !~ {day_first}
            ) as either,
            min(row_number) filter (where {given} ~ {month_first}) as row
        from {stage} as s
        where fault is null and strpos({given}, '/') > 0
        """
    ).format(
        given=given,
        month_first=Literal(_MONTH_FIRST),
        day_first=Literal(_ONLY_DAY_FIRST),
        stage=checks.stage(table),
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        found: dict[str, Any] = cursor.execute(statement).fetchone() or {}
    if found["either"] and found["month_first"] > found["day_first"]:
        raise DeliveryRefused(
            f"{column} is written month first in {found['month_first']} rows (the first is row"
            f" {found['row']}), so what its other dates mean is a guess"
        )
