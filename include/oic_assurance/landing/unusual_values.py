"""Count unusual values in a file for the normalisation notes, or refuse the file.

The source contract (*Files*) allows three unusual values: dates written as `DD/MM/YYYY`, dates
written as Excel serials, and numbers that have lost their leading zeros. So `03/04/2026` is the
third of April.

In `03/14/2026` the month must come first, and in `14/03/2026` the day must come first. If a column
has more dates of the first kind than of the second, its dates seem to be written month first,
against the contract. Then a date such as `03/04/2026` in this column is ambiguous. If the column
has such a date, the file is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from oic_assurance.errors import DeliveryRefused
from oic_assurance.landing import checks
from oic_assurance.sources.declarations.model import Column, Table
from oic_assurance.warehouse.rows import one_row

ZEROS = "leading_zeros_restored"
DAY_FIRST = "dates_written_dd_mm_yyyy"
SERIALS = "dates_written_as_excel_serials"
CLOCK_CHANGE = "times_a_clock_change_repeats_or_skips"

_MONTH_FIRST = "^(0?[1-9]|1[0-2])/(1[3-9]|2[0-9]|3[01])/"
_ONLY_DAY_FIRST = "^(1[3-9]|2[0-9]|3[01])/(0?[1-9]|1[0-2])/"


def unusual_values(connection: psycopg.Connection, table: Table) -> dict[str, dict[str, int]]:
    """Count the unusual values in the staged and checked rows, for each note and column.

    Raises:
        DeliveryRefused: The dates of a column are written month first.
    """
    found: dict[str, dict[str, int]] = {}
    if query := _counted(table):
        found = query.run(connection)
    for name in found.get(DAY_FIRST, {}):
        _refuse_month_first(connection, table, name)
    if query := _at_clock_changes(table):
        found |= query.run(connection)
    return found


def _quick_tests(table: Table) -> Iterator[Composable]:
    """Yield cheap SQL conditions. Every row with an unusual value meets at least one of them."""
    for column in table.columns:
        given = Identifier("s", column.name)
        if column.digits is not None:
            yield SQL("length({}) < {}").format(given, Literal(column.digits))
        if column.type in ("date", "timestamptz"):
            yield SQL("strpos({}, '-') = 0").format(given)


def _counts(column: Column) -> list[tuple[str, Column, Composable]]:
    """Return the notes that a column can get, each with the SQL condition for rows that count."""
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


@dataclass(frozen=True)
class _Query:
    """A query that counts rows for notes and columns. Its text is composed once for all files."""

    counts: Sequence[tuple[str, Column, Composable]]
    text: bytes

    def run(self, connection: psycopg.Connection) -> dict[str, dict[str, int]]:
        """Return the numbers of rows that are not zero, for each note and column."""
        numbers = one_row(connection, self.text, what="counts of unusual values")
        return _by_note(self.counts, numbers)


@cache
def _counted(table: Table) -> _Query | None:
    """Return the query for the staged rows with unusual values. None if there can be none.

    In most files, few rows have unusual values. So cheap conditions select the rows to examine.
    """
    counts = [each for column in table.columns for each in _counts(column)]
    if not counts:
        return None
    statement = SQL("select {} from {} as s where fault is null and ({})").format(
        SQL(", ").join(SQL("count(*) filter (where {})").format(what) for _, _, what in counts),
        checks.stage(table),
        SQL(" or ").join(_quick_tests(table)),
    )
    return _Query(counts, statement.as_bytes())


@cache
def _at_clock_changes(table: Table) -> _Query | None:
    """Return the query for good rows with a local time that a clock change repeats or skips."""
    flags = [
        (CLOCK_CHANGE, column, Identifier("s", f"{column.name}_is_ambiguous"))
        for column in table.columns
        if column.type == "timestamptz"
    ]
    if not flags:
        return None
    statement = SQL("select {} from {} as s where cardinality(reasons) = 0 and ({})").format(
        SQL(", ").join(SQL("count(*) filter (where {})").format(what) for _, _, what in flags),
        checks.checked(table),
        SQL(" or ").join(what for _, _, what in flags),
    )
    return _Query(flags, statement.as_bytes())


def _by_note(
    counts: Sequence[tuple[str, Column, Composable]], numbers: Sequence[int]
) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (note, column, _), number in zip(counts, numbers, strict=True):
        if number:
            found.setdefault(note, {})[column.name] = number
    return found


def _refuse_month_first(connection: psycopg.Connection, table: Table, column: str) -> None:
    """Refuse the file if a column seems to be written month first and has ambiguous dates."""
    given = Identifier("s", column)
    statement: Composed = SQL(
        """
        select
            count(*) filter (where {given} ~ {month_first}),
            count(*) filter (where {given} ~ {day_first}),
            count(*) filter (where {given} !~ {month_first} and {given} !~ {day_first}),
            min(row_number) filter (where {given} ~ {month_first})
        from {stage} as s
        where fault is null and strpos({given}, '/') > 0
        """
    ).format(
        given=given,
        month_first=Literal(_MONTH_FIRST),
        day_first=Literal(_ONLY_DAY_FIRST),
        stage=checks.stage(table),
    )
    month_first, day_first, ambiguous, first_row = one_row(
        connection, statement, what=f"counts of the dates in {column}"
    )
    if ambiguous and month_first > day_first:
        raise DeliveryRefused(
            f"{column} is written month first in {month_first} rows (the first is row {first_row}),"
            " so its other dates are ambiguous"
        )
