"""The result of a command. Every command that shows something returns one.

A result says what there is to show, and not how: tables of rows and single rows, each with its
columns, and sentences between them. `cli.shown` shows it to people, or prints it as JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

#: What a value is, which decides how people see it. In JSON a value is always as it is: a share
#: from 0 to 1, a moment in ISO 8601, a size in bytes.
#:
#: - `text`: as it is. A list becomes its items, separated by commas.
#: - `number`: with separators, right of its heading. `share`: a fraction, as a percentage.
#: - `moment`, `day`, `month`: in London time. `size`: of bytes. `seconds`: a duration.
#: - `state`: a word that a terminal may show in colour, such as `failed`.
Unit = Literal[
    "text", "number", "share", "moment", "day", "month", "size", "seconds", "yes", "state"
]


@dataclass(frozen=True)
class Column:
    """A column of a table, or one value of a single row."""

    #: The key in JSON, and the name of the value in the row.
    key: str
    #: The heading for people. The default is the key with blanks instead of underscores.
    title: str = ""
    unit: Unit = "text"
    #: Whether the value is written below its row instead of in a column, after its title, if any.
    is_note: bool = False

    @property
    def heading(self) -> str:
        """The heading for people."""
        return self.title or self.key.replace("_", " ")


def columns(*given: str | Column) -> list[Column]:
    """Return columns from short declarations: `key`, `key:unit`, or `key:unit=heading`.

    A declaration that begins with `>` is of a note: `>reason`, or `>todo=What to do:`.
    """
    return [one if isinstance(one, Column) else _column(one) for one in given]


def _column(given: str) -> Column:
    is_note = given.startswith(">")
    name, _, title = given.removeprefix(">").partition("=")
    key, _, unit = name.partition(":")
    return Column(key, title, unit or "text", is_note)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Table:
    """Rows with the same columns. In JSON, a list of objects."""

    #: The key in JSON.
    name: str
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
    at_most: int | None = None
    more: str = ""


@dataclass(frozen=True)
class Facts:
    """One row, with a line for each value. In JSON, an object, or null if there is no row."""

    name: str
    columns: Sequence[Column]
    row: object | None
    title: str = ""
    empty: str = ""


@dataclass(frozen=True)
class Result:
    """What a command has found or done."""

    #: Tables and single rows in their order, with sentences before, between and after them.
    parts: Sequence[Table | Facts | str]
    #: What to do next, as a sentence. Empty if there is nothing to do.
    next: str = ""
    exit_code: int = 0


def value_of(row: object, key: str) -> Any:
    """Return a value of a row, which is a mapping or an object with attributes."""
    return row[key] if isinstance(row, Mapping) else getattr(row, key)
