"""CSV files in all forms that exports can have."""

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache

from simulator.delivery.forms import TextForm
from simulator.moments import london

Cell = str | int | date | datetime | None
Row = Sequence[Cell]

EXCEL_DAY_ZERO = date(1899, 12, 30)


def render(form: TextForm, columns: Sequence[str], rows: Iterable[Row], title: str) -> bytes:
    """Return the bytes of a CSV file that is written in this form."""
    order = list(range(len(columns)))
    if form.shuffled:
        order = order[2:] + order[:2]
    columns = [columns[place] for place in order]
    names = [header(form.header, column) for column in columns]
    # A history has millions of cells. Most of them are strings that every form writes unchanged.
    # `written` is not called for these cells, because the calls would take time.
    unchanged = [not (form.lost_zeros and column == "employee_no") for column in columns]
    lines: list[list[str]] = []
    for row in rows:
        cells = [
            cell if is_unchanged and isinstance(cell, str) else written(form, column, cell)
            for cell, column, is_unchanged in zip(
                [row[place] for place in order], columns, unchanged, strict=True
            )
        ]
        if form.padded:
            cells[-1], cells[0] = f"{cells[-1]}  ", f"{cells[0]} "
        lines.append(cells)
    if form.extra_column:
        names.append("cost_centre")
        lines = [[*cells, f"CC{100 + number % 37}"] for number, cells in enumerate(lines)]
    return _encoded(form, names, lines, title)


def _encoded(form: TextForm, names: list[str], lines: list[list[str]], title: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=form.delimiter, lineterminator=form.newline)
    blanks = [""] * (len(names) - 1)
    if form.title:
        writer.writerow([title, *blanks])
    writer.writerow(names)
    writer.writerows(lines)
    if form.total:
        writer.writerow([f"Total: {len(lines)}", *blanks])
    if form.encoding == "utf-16":
        # The byte order is fixed, so that the same file has the same bytes on every machine.
        return codecs.BOM_UTF16_LE + text.getvalue().encode("utf-16-le")
    return text.getvalue().encode(form.encoding)


def header(style: str, column: str) -> str:
    """Return the heading of a column in a style: `plain`, `spaced` or `upper`."""
    if style == "spaced":
        return column.replace("_", " ").title()
    return column.upper() if style == "upper" else column


def written(form: TextForm, column: str, value: Cell) -> str:
    """Return a value as it is written in the form."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        wall = london(value)
        return wall.isoformat() if form.moments == "offset" else f"{wall:{form.moments}}"
    if isinstance(value, date):
        return _day(form.dates, value)
    if form.lost_zeros and column == "employee_no":
        return str(value).lstrip("0")
    return str(value)


@cache
def _day(style: str, value: date) -> str:
    if style == "serial":
        return str((value - EXCEL_DAY_ZERO).days)
    return value.strftime(style)
