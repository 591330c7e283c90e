"""Excel workbooks in all forms that exports can have."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import xlsxwriter

from simulator.delivery.forms import BookForm
from simulator.delivery.text import Cell, Row, header

# Every workbook stores its creation time. The time is fixed here, so that every run writes the same
# bytes.
MADE_AT = datetime(2025, 1, 1)  # noqa: DTZ001 - workbooks have no time zone


@dataclass(frozen=True)
class Sheet:
    """The columns and rows of one sheet."""

    columns: Sequence[str]
    rows: Sequence[Row]


def render(form: BookForm, sheets: Mapping[str, Sheet], title: str) -> bytes:
    """Return the bytes of a workbook that is written in this form."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"title": title, "created": MADE_AT})
    dates = book.add_format({"num_format": "dd/mm/yyyy"})
    names = list(sheets)
    for name in reversed(names) if form.swapped else names:
        _write(book.add_worksheet(name), form, sheets[name], title, dates)
    if form.notes:
        notes = book.add_worksheet("Notes")
        notes.write_string(0, 0, "Kept by the Governance Team. Please do not sort.")
    book.close()
    return buffer.getvalue()


def _write(
    page: xlsxwriter.worksheet.Worksheet,
    form: BookForm,
    sheet: Sheet,
    title: str,
    dates: xlsxwriter.format.Format,
) -> None:
    line = 0
    if form.title:
        page.write_string(line, 0, title)
        line += 1
    for place, column in enumerate(sheet.columns):
        page.write_string(line, place, header(form.header, column))
    for row in sheet.rows:
        line += 1
        for place, (column, value) in enumerate(zip(sheet.columns, row, strict=True)):
            _cell(page, form, line, place, column, value, dates)
    if form.total:
        page.write_string(line + 1, 0, f"Total: {len(sheet.rows)}")


def _cell(
    page: xlsxwriter.worksheet.Worksheet,
    form: BookForm,
    line: int,
    place: int,
    column: str,
    value: Cell,
    dates: xlsxwriter.format.Format,
) -> None:
    if value is None or value == "":
        return
    if isinstance(value, date):
        if form.text_dates:
            page.write_string(line, place, f"{value:%d/%m/%Y}")
        else:
            page.write_datetime(line, place, value, dates)
    elif isinstance(value, int):
        page.write_number(line, place, value)
    elif form.numbers and column == "employee_no" and value.isdigit():
        page.write_number(line, place, int(value))
    else:
        page.write_string(line, place, value)
