"""Excel workbooks: the declared sheets, cell by cell as text, or refused with a reason."""

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.header import Record, normalised, other_dataset_of_sheets
from oic_assurance.sources.model import Dataset

#: What a workbook may unpack to; more is taken for a decompression bomb.
UNPACKED_BYTES = 512 * 1024 * 1024
OFFICE_DOCUMENT = b"\xd0\xcf\x11\xe0"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
#: Days between the two zero days that Excel knows.
DAYS_1904 = 1462
EXACT_INTEGER = 10**15


class Workbook:
    """A workbook that was found to be one, and whose sheets can be read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._days = _check(stream)
        self._sheets: dict[str, CalamineSheet] = {}
        stream.seek(0)
        try:
            self._book = CalamineWorkbook.from_filelike(stream)
        except PasswordError as error:
            raise DeliveryRefused("the workbook is protected by a password") from error
        except (CalamineError, OSError, ValueError) as error:
            raise DeliveryRefused(f"the workbook is damaged: {error}") from error

    def check_sheets(self, dataset: Dataset) -> list[str]:
        """Refuse a workbook without the declared sheets; return the names of further ones."""
        present = {normalised(name): name for name in self._book.sheet_names}
        wanted = [table.sheet for table in dataset.tables if table.sheet]
        missing = [sheet for sheet in wanted if normalised(sheet) not in present]
        if missing:
            other = other_dataset_of_sheets(self._book.sheet_names, dataset)
            if other:
                raise DeliveryRefused(f"it looks like a file of {other}")
            raise DeliveryRefused(f"missing sheet {', '.join(missing)}")
        known = {normalised(sheet) for sheet in wanted}
        return [name for key, name in present.items() if key not in known]

    def rows(self, sheet: str, day_positions: frozenset[int] = frozenset()) -> Iterator[Record]:
        """Read a sheet's rows as texts; plain numbers at `day_positions` are numbers of days."""
        for row in self._sheet(sheet).iter_rows():
            values = self._counted_from_1900(row, day_positions) if self._days else row
            yield [_TEXT.get(type(value), str)(value) for value in values]

    def _sheet(self, sheet: str) -> CalamineSheet:
        if sheet not in self._sheets:
            name = next(n for n in self._book.sheet_names if normalised(n) == normalised(sheet))
            try:
                self._sheets[sheet] = self._book.get_sheet_by_name(name)
            except CalamineError as error:
                raise DeliveryRefused(f"the sheet {sheet} is damaged: {error}") from error
        return self._sheets[sheet]

    def _counted_from_1900(self, row: list[Any], day_positions: frozenset[int]) -> list[Any]:
        """Shift the day numbers of a workbook that counts from 1904, as those made on a Mac do."""
        return [
            value + self._days if place in day_positions and isinstance(value, float) else value
            for place, value in enumerate(row)
        ]


def _check(stream: IO[bytes]) -> int:
    """Refuse what is no workbook before a library opens it; return the shift of its day numbers."""
    stream.seek(0)
    head = stream.read(len(OFFICE_DOCUMENT))
    if head == OFFICE_DOCUMENT:
        stream.seek(0)
        if ENCRYPTED in stream.read():
            raise DeliveryRefused("the workbook is protected by a password")
        raise DeliveryRefused("it is an old Office document, not an .xlsx workbook")
    if not head.startswith(b"PK"):
        raise DeliveryRefused("it is not a workbook")
    try:
        with zipfile.ZipFile(stream) as archive:
            if sum(part.file_size for part in archive.infolist()) > UNPACKED_BYTES:
                raise DeliveryRefused(
                    f"the workbook unpacks to more than {UNPACKED_BYTES // 1024 // 1024} MB"
                )
            book = archive.read("xl/workbook.xml")
    except (zipfile.BadZipFile, KeyError, EOFError, OSError, NotImplementedError) as error:
        raise DeliveryRefused(f"the workbook is damaged: {error}") from error
    except RuntimeError as error:  # what zipfile raises for an encrypted member
        raise DeliveryRefused("the workbook is protected by a password") from error
    return DAYS_1904 if re.search(rb'date1904="(1|true)"', book) else 0


def _number(value: float) -> str:
    """Write a number as a person would: 123 is not 123.0."""
    if value.is_integer() and abs(value) < EXACT_INTEGER:
        return str(int(value))
    return repr(value)


def _moment(value: dt.datetime) -> str:
    """Write a moment to the second: Excel keeps them as fractions of a day, a little off."""
    rounded = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
    return rounded.isoformat(sep=" ")


_TEXT: dict[type[Any], Any] = {
    str: lambda value: value,
    float: _number,
    bool: lambda value: "TRUE" if value else "FALSE",
    dt.datetime: _moment,
    dt.date: lambda value: value.isoformat(),
}
