"""Rows in plain form: they surely break no rule, so landing need not check them.

Nearly all rows of a large file are written in the plainest way that the declaration allows. One
regular expression, which is made from the declaration, recognises such a row. The row is then
copied straight into the table of checked rows or, if raw has no rows yet, into raw. All other rows
are staged, and the statement of `checks` reads and checks them. So no reason to reject a row is
known here, and a good row that is not recognised only takes longer.

A row is in plain form if each of its cells is in the plain form of its column, or blank in a column
that is not required in this row:

- A text has no comma, quote or control character. It is one of the codes if the declaration lists
  codes, and has all its digits if the declaration gives their number. A reference has only
  printable ASCII characters and no blank.
- A text in the key is short, and has only those printable ASCII characters that PostgreSQL does not
  quote when it writes a row as text.
- A number has no sign and no leading zero, and at most nine digits before and after the point.
- A day is a day of the years 1900 to 2099, written `YYYY-MM-DD`, but not the 29th of February.
- A moment is such a day of the years 2000 to 2049, and a time with or without whole seconds. It is
  not between one and two o'clock on a day after the 24th of March or October: clocks may change.

Each value in plain form has only one text. So if a row turns out to have the key of another row,
the texts that were delivered can be put into quarantine.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import compress
from typing import IO

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier

from oic_assurance.landing import checks
from oic_assurance.sources.declarations.model import Column, Dataset, Table
from oic_assurance.sources.files.rows import Piece, ReadyLines, as_copy_text, ready_line

#: The most texts that a `_Memo` remembers.
MOST_REMEMBERED = 100_000

_DAY = (
    "(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    "|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
_FORMS = {
    "text": r'[^,"\x00-\x1f\x7f]+',
    "bigint": "(?:0|[1-9][0-9]{0,8})",
    "integer": "(?:0|[1-9][0-9]{0,8})",
    "numeric": r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,9})?",
    "boolean": "(?:true|false)",
    "date": f"(?:19|20)[0-9]{{2}}-{_DAY}",
    # The groups are the hour and the rest.
    "timestamptz": (
        f"(20[0-4][0-9]-(?!(?:03|10)-(?:2[5-9]|3.)[ T]01){_DAY}[ T](?:[01][0-9]|2[0-3]))"
        "(:[0-5][0-9](?::[0-5][0-9])?)"
    ),
}
_REFERENCE = r"[!#-+\--~]+"
_IN_KEY = r"[!#-'*+\-./0-9:-\[\]-~]"

#: The local hours from which on London's clocks are ahead of UTC by another interval, in the years
#: of moments in plain form. On the day of a change it is two o'clock, as all hours before are in
#: the earlier interval or in no plain form.
_CLOCK_CHANGES = """
    select to_char(day - interval '22 hours', 'YYYY-MM-DD HH24'), ahead
    from (
        select day, ahead, lag(ahead) over (order by day) as ahead_before
        from (
            select day, day at time zone 'UTC' - day at time zone 'Europe/London' as ahead
            from generate_series(timestamp '2000-01-01', '2050-01-01', interval '1 day') as day
        ) as days
    ) as days
    where ahead is distinct from ahead_before
    order by day
"""


class PlainForm:
    """The plain form of the rows of one table.

    The text of a row for COPY is its number and its line. Behind them stand what the line does not
    have: for each moment the moment in UTC and that it is not ambiguous, and the key. They are made
    from groups of the regular expression. Columns of the key that stand side by side share a group.
    """

    def __init__(self, dataset: Dataset, table: Table) -> None:
        self._table = table
        self._moments = [n for n, c in enumerate(table.columns) if dataset.is_wall_clock(c)]
        self._clock_changes: list[tuple[str, timedelta]] = []
        key = [table.names.index(name) for name in table.key]
        runs = list(_side_by_side(key, self._moments))
        cells, groups = self._cells(runs)
        self._matches = re.compile(_exceptions(table) + ",".join(cells)).fullmatch
        is_row = len(key) > 1
        quote = '""' if is_row else ""

        # Each text behind the line: the number of its group, and what makes it. None makes nothing.
        self._parts: list[tuple[int, _Memo | None]] = []
        utc_hour = _Memo(self._utc_hour)
        for place in self._moments:
            self._parts += [
                (groups[place], utc_hour),
                (groups[place] + 1, _Memo(lambda rest: f"{_whole_seconds(rest)},{rest and 'f'}")),
            ]
        for run in runs:
            group = groups[run[0]]
            if run[0] in self._moments:
                self._parts += [
                    (group, _Memo(lambda hour: hour and quote + self._utc_hour(hour))),
                    (group + 1, _Memo(lambda rest: rest and _whole_seconds(rest) + quote)),
                ]
            else:
                self._parts.append((group, None))
        of_key = ",".join("%s%s" if run[0] in self._moments else "%s" for run in runs)
        of_key = f'"({of_key})"' if is_row else of_key
        self._template = ",".join(["%d", "%s", *["%s%s"] * len(self._moments), f"{of_key}\n"])

    def _cells(self, runs: Sequence[Sequence[int]]) -> tuple[list[str], dict[int, int]]:
        """Return the expressions for all cells, and the group that begins at a column."""
        firsts, lasts = {run[0] for run in runs}, {run[-1] for run in runs}
        cells, groups, number = [], {}, 0
        for place, column in enumerate(self._table.columns):
            cell = _cell(self._table, column)
            if not column.required:
                cell = f"(?:{cell})?"
            if place in self._moments:
                groups[place], number = number, number + 2
            else:
                if place in firsts:
                    groups[place], number = number, number + 1
                    cell = f"({cell}"
                if place in lasts:
                    cell = f"{cell})"
            cells.append(cell)
        return cells, groups

    def copy(
        self,
        connection: psycopg.Connection,
        pieces: Iterable[Piece],
        target: Composable,
        others: IO[bytes],
        *,
        frozen: bool = False,
    ) -> int:
        """Copy the rows in plain form into a table, and return their number.

        `target` is the table of checked rows, or a raw table that adds the rest of the provenance
        itself. With `frozen`, PostgreSQL marks the rows as frozen (`first_load`). All other rows
        are written into `others`, as text for the stage table.
        """
        if self._moments and not self._clock_changes:
            # The server says when the clocks change. So a moment is the same as if the server had
            # read its text.
            self._clock_changes = connection.execute(_CLOCK_CHANGES).fetchall()
        statement = SQL("copy {} ({}) from stdin (format csv, freeze {})").format(
            target, self._names(), SQL("on" if frozen else "off")
        )
        with connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                for piece in pieces:
                    if isinstance(piece, ReadyLines):
                        copy.write(self._text(piece, others))
                    else:
                        others.writelines(text.encode() for text in as_copy_text([piece]))
            return cursor.rowcount

    def _names(self) -> Composed:
        """Return the names of the copied columns. A line has the delivered text of a moment."""
        names = ["row_number", *self._table.names]
        for place in self._moments:
            name = self._table.names[place]
            names[1 + place] = f"{name}_text"
            names += [name, f"{name}_is_ambiguous"]
        return SQL(", ").join(map(Identifier, [*names, "row_key"]))

    def _text(self, piece: ReadyLines, others: IO[bytes]) -> str:
        """Return the rows in plain form as text for COPY, and write all other rows to `others`."""
        numbers: Iterable[int] = range(piece.first, piece.first + len(piece.lines))
        lines: Iterable[str] = piece.lines
        matches = list(map(self._matches, lines))
        if None in matches:
            others.writelines(
                ready_line(number, line).encode()
                for number, line, match in zip(numbers, lines, matches, strict=True)
                if match is None
            )
            numbers, lines = compress(numbers, matches), compress(lines, matches)
        groups = list(zip(*[match.groups("") for match in matches if match], strict=True))
        if not groups:
            return ""
        parts = [
            map(memo.__getitem__, groups[number]) if memo else groups[number]
            for number, memo in self._parts
        ]
        rows = zip(numbers, lines, *parts, strict=True)
        return "".join(map(self._template.__mod__, rows))

    def _utc_hour(self, hour: str) -> str:
        """Return an hour of London's clocks in UTC: for `2026-06-01 10`, `2026-06-01 09`."""
        if not hour:
            return ""
        change = bisect_right(self._clock_changes, hour.replace("T", " "), key=lambda c: c[0])
        ahead = self._clock_changes[change - 1][1]
        return f"{datetime.fromisoformat(hour) - ahead:%Y-%m-%d %H}"


def plain_form(dataset: Dataset, table: Table) -> PlainForm | None:
    """Return the plain form of the rows of a table of a file.

    Return None if there is none: if the table has a text that is screened, that must have a
    pattern, or that is not stored, or if a truth value is in the key.
    """
    if any(c.screened or c.presence or c.pattern is not None for c in table.columns):
        return None
    if any(table.column(name).type == "boolean" for name in table.key):
        return None
    return PlainForm(dataset, table)


class _Memo(dict[str, str]):
    """Remembers what a function made of a text. The same texts occur in many rows."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make

    def __bool__(self) -> bool:
        return True

    def __missing__(self, text: str) -> str:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        made = self[text] = self._make(text)
        return made


def _side_by_side(key: Sequence[int], moments: Sequence[int]) -> Iterable[list[int]]:
    """Yield runs of columns that follow each other in the key and in the table.

    A moment is a run of its own.
    """
    run = key[:1]
    for place in key[1:]:
        if place == run[-1] + 1 and not {place, run[-1]} & set(moments):
            run = [*run, place]
        else:
            yield list(run)
            run = [place]
    yield list(run)


def _cell(table: Table, column: Column) -> str:
    """Return the regular expression for a value of a column in plain form."""
    if column.digits is not None:
        return f"[0-9]{{{column.digits}}}"
    form = _FORMS[column.type]
    if column.type == "text" and column.name in table.key:
        form = f"{_IN_KEY}{{1,{checks.LONGEST_KEY // len(table.key) - 2}}}"
    elif column.reference:
        form = _REFERENCE
    if column.codes:
        codes = [re.escape(code) for code in column.codes if re.fullmatch(form, code)]
        return f"(?:{'|'.join(codes)})" if codes else "(?!)"
    return form


def _exceptions(table: Table) -> str:
    """Return expressions for rows with a blank column that is required because of another one."""
    found = ""
    for column in table.columns:
        for other, values in column.required_when:
            cells = ["[^,]*"] * len(table.columns)
            cells[table.names.index(other)] = f"(?:{'|'.join(map(re.escape, values))})"
            cells[table.names.index(column.name)] = ""
            found += f"(?!{','.join(cells)}$)"
    return found


def _whole_seconds(rest: str) -> str:
    """Return the rest of a moment with its seconds: for `:30`, `:30:00+00`."""
    return rest and f"{rest if len(rest) > len(':30') else f'{rest}:00'}+00"
