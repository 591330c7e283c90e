"""Read a delivered file, change its content and write it again, as a person or a tool would."""

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import python_calamine
import xlsxwriter

Row = dict[str, str]
Sheets = dict[str, list[list[Any]]]


def change_rows(content: bytes, change: Callable[[Row], Row | None]) -> bytes:
    """Return a comma-separated file after applying `change` to each row.

    A row for which `change` returns None is left out. The file may have semicolons instead.
    """
    given = content.decode("utf-8-sig")
    delimiter = ";" if ";" in given.partition("\n")[0] else ","
    reader = csv.DictReader(io.StringIO(given), delimiter=delimiter)
    text = io.StringIO()
    writer = csv.DictWriter(text, reader.fieldnames or [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for row in map(change, reader) if row is not None)
    return text.getvalue().encode()


def change_order(content: bytes) -> bytes:
    """Return a comma-separated file with its columns in reverse order."""
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(row[::-1] for row in rows)
    return text.getvalue().encode()


def change_book(content: bytes, change: Callable[[Sheets], Sheets]) -> bytes:
    """Return a workbook whose sheets have been changed.

    Only the values of the cells are copied to the new workbook. The layout is lost.
    """
    saved = io.BytesIO()
    with xlsxwriter.Workbook(saved, {"in_memory": True}) as new:
        days = new.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in change(read_book(content)).items():
            page = new.add_worksheet(name)
            for line, row in enumerate(rows):
                for place, value in enumerate(row):
                    if isinstance(value, date):
                        page.write_datetime(line, place, value, days)
                    elif value != "":
                        page.write(line, place, value)
    return saved.getvalue()


def read_book(content: bytes) -> Sheets:
    """Return the values of the cells of each sheet of a workbook."""
    book = python_calamine.load_workbook(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def change_cells(sheets: Sheets, sheet: str, change: Callable[[Any], Any]) -> Sheets:
    """Return all sheets, after applying `change` to every cell of the sheet named `sheet`."""
    return {
        name: [[change(cell) for cell in row] for row in rows] if name == sheet else rows
        for name, rows in sheets.items()
    }
