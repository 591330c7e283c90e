"""Read the declared sheets of an Excel workbook, each cell as text."""

import datetime as dt
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import IO, Any

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetVisibleEnum,
)

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.sources.files.delimited import Broken
from oic_assurance.sources.files.header import Header, Record, normalised, other_dataset_of_sheets
from oic_assurance.sources.files.package import CHUNK_BYTES, Package
from oic_assurance.sources.files.sheet_scan import SheetScan

OFFICE_DOCUMENT = b"\xd0\xcf\x11\xe0"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
#: Excel counts days from a date in 1900 or from one in 1904. This is the number of days between
#: these two dates.
DAYS_1904 = 1462
EXACT_INTEGER = 10**15


class Workbook:
    """A workbook of a dataset, from which the declared sheets can be read.

    Raises:
        DeliveryRefused: The file is not a workbook of this dataset, is damaged, or exceeds a limit.
    """

    def __init__(self, stream: IO[bytes], dataset: Dataset) -> None:
        _refuse_other_formats(stream)
        package = Package(stream)
        self.counts_from_1904 = package.counts_from_1904
        names = declared_sheets(package.sheet_names, dataset)
        #: Names of the sheets that are not declared.
        self.other_sheets = [name for name in package.sheet_names if name not in names.values()]
        unpacked = package.unpacked(names.values())
        with zipfile.ZipFile(unpacked) as parts:
            self._facts = {
                sheet: SheetScan(sheet).read(_chunks(parts, package.sheet_part(name)))
                for sheet, name in names.items()
            }
        unpacked.seek(0)
        with _library():
            book = CalamineWorkbook.from_filelike(unpacked)
            self._sheets = {sheet: book.get_sheet_by_name(name) for sheet, name in names.items()}
            hidden = {s.name for s in book.sheets_metadata if s.visible != SheetVisibleEnum.Visible}
        self._hidden = {sheet for sheet, name in names.items() if name in hidden}

    def first_rows(self, sheet: str, count: int) -> list[Record]:
        """Return the first rows of a sheet, with every cell as text."""
        return [_texts(row) for row in islice(self._sheets[sheet].iter_rows(), count)]

    def rows(self, sheet: str, header: Header, table: Table) -> Iterator[Record | Broken]:
        """Yield the rows below the header, with every cell as text.

        The scan of the sheet (`SheetScan`) has found the cells whose value is not reliable. A row
        with such a cell is yielded as `Broken`, with the reason.
        """
        unreliable = self._facts[sheet].unreliable
        offset = (self._sheets[sheet].start or (0, 0))[1]
        columns = dict(zip(header.positions, table.columns, strict=True))
        days = {
            place for place, column in columns.items() if column.type in ("date", "timestamptz")
        }
        rows = enumerate(self._sheets[sheet].iter_rows())
        for number, row in islice(rows, header.index + 1, None):
            cells = _texts(_counted_from_1900(row, days) if self.counts_from_1904 else row)
            problems = unreliable.get(number, {})
            reasons = [
                f"{column.name} {problems[place + offset]}"
                for place, column in columns.items()
                if place + offset in problems
            ]
            yield Broken(cells, cells, "; ".join(reasons), is_whole=True) if reasons else cells

    def notes(self, sheet: str) -> dict[str, Any]:
        """Return the normalisation notes of a sheet."""
        facts = self._facts[sheet]
        found = {
            "sheet": "hidden" if sheet in self._hidden else None,
            "days_counted_from": 1904 if self.counts_from_1904 else None,
            "formula_cells": facts.formulas,
            "hidden_rows": facts.hidden_rows,
            "hidden_columns": facts.hidden_columns,
        }
        return {name: value for name, value in found.items() if value}


def _refuse_other_formats(stream: IO[bytes]) -> None:
    """Refuse a file that is not an .xlsx workbook, such as an encrypted one or a web page."""
    stream.seek(0)
    head = stream.read(512)
    if head.startswith(OFFICE_DOCUMENT):
        if _holds(stream, ENCRYPTED):
            raise DeliveryRefused("the workbook is protected by a password")
        raise DeliveryRefused("it is an old Office document, not an .xlsx workbook")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise DeliveryRefused("it is a web page or XML, not an .xlsx workbook")
    if not head.startswith(b"PK"):
        raise DeliveryRefused("it is not an .xlsx workbook")


def _holds(stream: IO[bytes], text: bytes) -> bool:
    tail = b""
    while chunk := stream.read(CHUNK_BYTES):
        if text in tail + chunk:
            return True
        tail = chunk[-len(text) :]
    return False


def declared_sheets(present: list[str], dataset: Dataset) -> dict[str, str]:
    """Return a mapping from each declared sheet to the name that it has in the workbook.

    The two names can differ, for example in upper and lower case.

    Raises:
        DeliveryRefused: A sheet is missing, or two sheets match the same declared name.
    """
    found: dict[str, str] = {}
    missing = []
    for sheet in (table.sheet for table in dataset.tables if table.sheet):
        names = [name for name in present if normalised(name) == normalised(sheet)]
        if len(names) > 1:
            raise DeliveryRefused(f"{' and '.join(names)} could both be the sheet {sheet}")
        if names:
            found[sheet] = names[0]
        else:
            missing.append(sheet)
    if missing:
        other = other_dataset_of_sheets(present, dataset)
        if other:
            raise DeliveryRefused(f"it looks like a file of {other}")
        raise DeliveryRefused(f"missing sheet {', '.join(missing)}")
    return found


def _chunks(parts: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with parts.open(name) as part:
        while chunk := part.read(CHUNK_BYTES):
            yield chunk


@contextmanager
def _library() -> Iterator[None]:
    """Refuse the file if the library that reads workbooks raises an error in the block."""
    try:
        yield
    except PasswordError as error:
        raise DeliveryRefused("the workbook is protected by a password") from error
    except (CalamineError, OSError, ValueError) as error:
        raise DeliveryRefused(f"the workbook is damaged: {error}") from error
    except BaseException as error:
        # The library is written in Rust. When it panics, it raises a BaseException whose class
        # cannot be imported.
        if type(error).__name__ == "PanicException":
            raise DeliveryRefused("the workbook is damaged: it cannot be read") from error
        raise


def _texts(row: list[Any]) -> Record:
    return [_TEXT.get(type(value), str)(value) for value in row]


def _counted_from_1900(row: list[Any], days: set[int]) -> list[Any]:
    """Return a row with its day numbers counted from 1900 instead of 1904.

    Excel on a Mac can make workbooks that count from 1904. `days` are the positions of the columns
    that contain dates or moments.
    """
    return [
        value + DAYS_1904 if place in days and isinstance(value, float) else value
        for place, value in enumerate(row)
    ]


def _number(value: float) -> str:
    """Return a number as text. A whole number has no decimals: 123, not 123.0."""
    if value.is_integer() and abs(value) < EXACT_INTEGER:
        return str(int(value))
    return repr(value)


def _moment(value: dt.datetime) -> str:
    """Return a moment as text, rounded to the second. Excel stores inexact fractions of a day."""
    with suppress(OverflowError):  # at the last moment of year 9999
        value = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
    return value.isoformat(sep=" ")


_TEXT: dict[type[Any], Any] = {
    str: lambda value: value,
    float: _number,
    bool: lambda value: "TRUE" if value else "FALSE",
    dt.datetime: _moment,
    dt.date: lambda value: value.isoformat(),
}
