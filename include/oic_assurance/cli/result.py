"""The result of a command. Every command that shows something returns one.

A result says what there is to show, and not how: tables of rows and single rows, each with its
columns, and sentences between them. `cli.shown` shows it to people, or prints it as JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

#: What a value is, which decides how people see it. In JSON a value is always as it is: a share
#: from 0 to 1, a moment in ISO 8601, a size in bytes.
#:
#: - `text`: as it is. A list becomes its items, separated by commas. A mapping becomes its names
#:   and values.
#: - `number`: with separators, right of its heading. `share`: a fraction, as a percentage.
#: - `moment`, `day`, `month`: in London time. `size`: of bytes. `seconds`: a duration.
#: - `state`: a word that a terminal may show in colour, such as `failed`.
#: - `measured`, `change`: the value of a measure, or a difference, in the row's `unit_of_value`.
Unit = Literal[
    "text", "number", "share", "moment", "day", "month", "size", "seconds", "yes", "state",
    "measured", "change",
]  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of a table, or one value of a single row."""

    #: The key in JSON, and the name of the value in the row.
    key: str
    #: The heading for people. The default is the key with blanks instead of underscores.
    title: str = ""
    unit: Unit = "text"
    #: Whether the value is written below its row instead of in a column. The notes of a row that
    #: have a title are one sentence, each after its title.
    is_note: bool = False
    #: Whether only programs see the value.
    is_for_programs: bool = False

    @property
    def heading(self) -> str:
        """The heading for people."""
        return self.title or self.key.replace("_", " ")


def columns(*given: str) -> list[Column]:
    """Return columns from short declarations: `key`, `key:unit`, or `key:unit=heading`.

    A declaration that begins with `>` is of a note: `>reason`, or `>todo=start with`. One that
    begins with `-` is of a value that only programs see: `-sha256`. The last may be `-*`, for all
    other values of the rows.
    """
    found = []
    for one in given:
        name, _, title = one.lstrip(">-").partition("=")
        key, _, unit = name.partition(":")
        kind = (one.startswith(">"), one.startswith("-"))
        found.append(Column(key, title, unit or "text", *kind))  # type: ignore[arg-type]
    return found


def columns_of(rows: Sequence[object]) -> list[Column]:
    """Return the columns of rows that speak for themselves: their names, and units by their types.

    A name that ends with `_id` is no number to add up. A name with `bytes` is a size. A `state`,
    `status`, `verdict`, `outcome` or `severity` is a state.
    """
    found = []
    for name in (rows[0] if isinstance(rows[0], Mapping) else vars(rows[0])) if rows else ():
        values = (value_of(row, name) for row in rows)
        unit = unit_of(next((value for value in values if value is not None), None))
        unit = "size" if "bytes" in name else unit
        unit = "text" if name.endswith("_id") else "state" if name in _STATES else unit
        found.append(Column(name, unit=unit))
    return found


def unit_of(value: object) -> Unit:
    """Return how people read a value of this type."""
    return next((unit for kind, unit in _UNITS.items() if isinstance(value, kind)), "text")


def completed(given: Sequence[Column], rows: Sequence[object]) -> Sequence[Column]:
    """Return the columns that stand for the given ones: those of the rows, if none are given."""
    if given and given[-1].key != "*":
        return given
    named = {column.key for column in given}
    rest = [column for column in columns_of(rows) if column.key not in named]
    return [*given[:-1], *(replace(one, is_for_programs=bool(given)) for one in rest)]


_STATES = ("state", "status", "verdict", "outcome", "severity")
_UNITS: dict[type, Unit] = {
    bool: "yes", int: "number", float: "number", datetime: "moment", date: "day",
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """Rows with the same columns. In JSON, a list of objects."""

    #: The key in JSON. Tables with the same name are one list there.
    name: str
    #: Without any, the columns are those of the rows (`columns_of`).
    columns: Sequence[Column]
    #: Each is a mapping with the keys of the columns, or an object with attributes of these names.
    rows: Sequence[object]
    #: A line above the table.
    title: str = ""
    #: Whether people see the headings. What follows from the title needs none.
    has_head: bool = True
    #: What people read instead of the table if there are no rows. It may be empty.
    empty: str = ""
    #: How many rows people see at most. The others are counted, and `more` says where they are.
    #: If it is 0, people see one line with the title and the count.
    at_most: int | None = None
    more: str = ""

    def __post_init__(self) -> None:
        """Take the columns of the rows, if none are given."""
        object.__setattr__(self, "columns", completed(self.columns, self.rows))


@dataclass(frozen=True)
class Facts:
    """One row, with a line for each value. In JSON, an object, or null if there is no row."""

    name: str
    columns: Sequence[Column]
    row: object | None
    title: str = ""
    empty: str = ""

    def __post_init__(self) -> None:
        """Take the columns of the row, if none are given."""
        object.__setattr__(self, "columns", completed(self.columns, self.rows))

    @property
    def rows(self) -> Sequence[object]:
        """The row, if there is one."""
        return [] if self.row is None else [self.row]


@dataclass(frozen=True)
class Result:
    """What a command has found or done."""

    #: Tables and single rows in their order, with sentences before, between and after them.
    parts: Sequence[Table | Facts | str]
    #: What to do next, as a sentence. Empty if there is nothing to do.
    next: str = ""
    #: What people read instead of all this, as it is: a page, an address, a line for a monitor.
    text: str = ""
    exit_code: int = 0


def value_of(row: object, key: str) -> Any:
    """Return a value of a row, which is a mapping or an object with attributes."""
    return row[key] if isinstance(row, Mapping) else getattr(row, key)
