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
from oic_assurance.sources.declarations.model import Column, Table

ZEROS = "leading_zeros_restored"
DAY_FIRST = "dates_written_dd_mm_yyyy"
SERIALS = "dates_written_as_excel_serials"
CLOCK_CHANGE = "times_a_clock_change_repeats_or_skips"

_MONTH_FIRST = "^(0?[1-9]|1[0-2])/(1[3-9]|2[0-9]|3[01])/"
_ONLY_DAY_FIRST = "^(1[3-9]|2[0-9]|3[01])/(0?[1-9]|1[0-2])/"


def unusual_values(connection: psycopg.Connection, table: Table) -> dict[str, dict[str, int]]:
    """Count, by column, what was coped with in the rows of a file that are staged and checked.

    Raises `DeliveryRefused` when a column's dates are written month first.
    """
    found = _counted(connection, table, [each for c in table.columns for each in _counts(c)])
    for name in found.get(DAY_FIRST, {}):
        _refuse_month_first(connection, table, name)
    return found | _at_clock_changes(connection, table)


def _looks(table: Table) -> Iterator[Composable]:
    """Write the cheapest of looks by which a value is told that is not written as it should be."""
    for column in table.columns:
        given = Identifier("s", column.name)
        if column.digits is not None:
            yield SQL("length({}) < {}").format(given, Literal(column.digits))
        if column.type in ("date", "timestamptz"):
            yield SQL("strpos({}, '-') = 0").format(given)


def _counts(column: Column) -> list[tuple[str, Column, Composable]]:
    given = Identifier("s", column.name)
    if column.digits is not None:
        short = SQL("length({c}) < {digits} and {c} ~ '^[0-9]+$'")
        return [(ZEROS, column, short.format(c=given, digits=Literal(column.digits)))]
    if column.type not in ("date", "timestamptz"):
        return []
    serial = SQL("{} ~ '^[0-9]{{5}}([.][0-9]*)?$'").format(given)
    return [
        (DAY_FIRST, column, SQL("strpos({}, '/') > 0").format(given)),
        (SERIALS, column, serial),
    ]


def _counted(
    connection: psycopg.Connection, table: Table, counts: Sequence[tuple[str, Column, Composable]]
) -> dict[str, dict[str, int]]:
    """Count staged rows in which a column is written in another way; most rows of most files pass.

    What is counted is looked for only where a look tells that there may be something.
    """
    if not counts:
        return {}
    statement = SQL("select {} from {} as s where fault is null and ({})").format(
        SQL(", ").join(SQL("count(*) filter (where {})").format(what) for _, _, what in counts),
        checks.stage(table),
        SQL(" or ").join(_looks(table)),
    )
    return _by_note(counts, connection.execute(statement).fetchone() or ())


def _at_clock_changes(connection: psycopg.Connection, table: Table) -> dict[str, dict[str, int]]:
    """Count landed rows whose local time a clock change repeats or skips."""
    flags = [
        (CLOCK_CHANGE, column, Identifier("s", f"{column.name}_is_ambiguous"))
        for column in table.columns
        if column.type == "timestamptz"
    ]
    if not flags:
        return {}
    statement = SQL("select {} from {} as s where cardinality(reasons) = 0 and ({})").format(
        SQL(", ").join(SQL("count(*) filter (where {})").format(what) for _, _, what in flags),
        checks.checked(table),
        SQL(" or ").join(what for _, _, what in flags),
    )
    return _by_note(flags, connection.execute(statement).fetchone() or ())


def _by_note(
    counts: Sequence[tuple[str, Column, Composable]], numbers: Sequence[int]
) -> dict[str, dict[str, int]]:
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
