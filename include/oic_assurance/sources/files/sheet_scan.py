"""Scan the XML of a sheet for facts that the values do not show.

These facts are the extent of the sheet, formulas, errors, merged cells, and hidden rows and
columns.

The library that reads the cells allocates memory for the whole rectangle that contains all filled
cells. Two filled cells in opposite corners of a sheet would exhaust the memory. So this module
checks the extent first.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.files.xml_events import feed, parser_without_doctype

#: The largest number of cells in the rectangle that contains all filled cells. The rectangle begins
#: in the first row of the sheet.
MOST_CELLS = 2_000_000
#: The largest number of cells whose value is not reliable. If there are more, the file is refused.
MOST_UNRELIABLE = 50_000
_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)

#: A cell as its row and column, both counted from 0.
Place = tuple[int, int]


@dataclass
class SheetFacts:
    """Facts about a sheet that its values do not show."""

    formulas: int = 0
    hidden_rows: int = 0
    hidden_columns: int = 0
    #: Keyed by row and column: the reason why the value of this cell is not reliable.
    unreliable: dict[int, dict[int, str]] = field(default_factory=dict)


class SheetScan:
    """Reads the XML of a sheet once."""

    def __init__(self, sheet: str) -> None:
        self._what = f"the sheet {sheet}"
        self.facts = SheetFacts()
        self._row = self._column = -1
        self._first: Place = (1 << 30, 1 << 30)
        self._last: Place = (-1, -1)
        self._cell: dict[str, str] = {}
        self._has_formula = False
        self._value: str | None = None
        self._unreliable_count = 0
        self._merges: list[tuple[Place, Place]] = []

    def read(self, chunks: Iterable[bytes]) -> SheetFacts:
        """Read the whole sheet.

        Raises:
            DeliveryRefused: The sheet is damaged or exceeds a limit.
        """
        parser = parser_without_doctype(self._what)
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        feed(parser, chunks, self._what)
        self._mark_merged_cells()
        return self.facts

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self._start_cell(attributes)
        elif name == "v" or name == "is":
            self._value = ""
        elif name == "f":
            self._has_formula = True
        elif name == "row":
            self._start_row(attributes)
        elif name == "col" and _is_true(attributes.get("hidden")):
            self.facts.hidden_columns += _columns(attributes)
        elif name == "mergeCell":
            first, _, last = attributes.get("ref", "").partition(":")
            self._merges.append((self._place(first), self._place(last or first)))
            self._count_unreliable()

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._column = -1
        number = attributes.get("r")
        self._row = (
            int(number) - 1 if number and number.isdecimal() and len(number) < 9 else self._row + 1
        )
        self.facts.hidden_rows += _is_true(attributes.get("hidden"))

    def _start_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        if place is None:
            self._column += 1
        else:
            self._row, self._column = self._place(place)
        self._cell = attributes
        self._has_formula = False
        self._value = None

    def _text(self, text: str) -> None:
        if self._value is not None:
            self._value = text

    def _end(self, name: str) -> None:
        if name == "c" or name.endswith(":c"):
            self._end_cell()

    def _end_cell(self) -> None:
        kind = self._cell.get("t")
        if self._has_formula:
            self.facts.formulas += 1
            # The result of a formula can be an empty string. If the formula has no value at all, it
            # was never calculated.
            if not self._value and not (kind == "str" and self._value is not None):
                self._mark_unreliable(
                    self._row, self._column, "is a formula that was never calculated"
                )
        if kind == "e":
            self._mark_unreliable(self._row, self._column, f"holds Excel's error {self._value}")
        if self._value is not None:
            self._extend()
        self._value = None

    def _extend(self) -> None:
        """Extend the rectangle of filled cells, so that it includes the current cell."""
        row, column = self._row, self._column
        if not (
            self._first[0] <= row <= self._last[0] and self._first[1] <= column <= self._last[1]
        ):
            self._first = (min(row, self._first[0]), min(column, self._first[1]))
            self._last = (max(row, self._last[0]), max(column, self._last[1]))
            rows, columns = self._last[0] + 1, self._last[1] - self._first[1] + 1
            if rows * columns > MOST_CELLS:
                raise DeliveryRefused(
                    f"{self._what} spans {rows:,} rows by {columns:,} columns, which is more than"
                    f" {MOST_CELLS:,} cells"
                )

    def _mark_merged_cells(self) -> None:
        """Mark as unreliable the cells that were merged into one, except the first of them.

        Only the first cell has a value. It is not known whether this value applies to the other
        cells too.
        """
        for (top, left), (bottom, right) in self._merges:
            for row in range(top, min(bottom, self._last[0]) + 1):
                for column in range(left, min(right, self._last[1]) + 1):
                    if (row, column) != (top, left):
                        self._mark_unreliable(row, column, "is merged with another cell")

    def _mark_unreliable(self, row: int, column: int, reason: str) -> None:
        self.facts.unreliable.setdefault(row, {}).setdefault(column, reason)
        self._count_unreliable()

    def _count_unreliable(self) -> None:
        self._unreliable_count += 1
        if self._unreliable_count > MOST_UNRELIABLE:
            raise DeliveryRefused(
                f"{self._what} has more than {MOST_UNRELIABLE:,} cells that are errors, merged or"
                " never calculated"
            )

    def _place(self, text: str) -> Place:
        match = _PLACE.fullmatch(text)
        if match is None:
            raise DeliveryRefused(
                f"{self._what} is damaged: {text[:20]!r} is not the name of a cell"
            )
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - 64
        return int(match[2]) - 1, column - 1


def _columns(attributes: dict[str, str]) -> int:
    ends = [attributes.get(name, "") for name in ("min", "max")]
    if not all(end.isdecimal() and len(end) < 6 for end in ends):
        return 1
    return max(1, int(ends[1]) - int(ends[0]) + 1)


def _is_true(value: str | None) -> bool:
    return value in ("1", "true")
