"""Workbooks for the file catalogue, and functions that change or damage them."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import xlsxwriter

from tests.integration.landing.support import workbook

Rows = list[list[Any]]
SESSIONS: Rows = [
    ["session_code", "session_date", "venue", "capacity"],
    ["H1", date(2025, 10, 6), "Wootton Hall", 28],
    ["H2", date(2025, 10, 13), None, None],
]
ATTENDANCE: Rows = [
    ["session_code", "employee_no", "attended", "outcome"],
    ["H1", "000123", "Y", "PASS"],
    ["H1", "004567", "N", None],
    ["H2", "000123", "Y", "REFER"],
]
NAMESPACE = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SESSIONS_PART, TEXTS_PART = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def both(sessions: Rows = SESSIONS, attendance: Rows = ATTENDANCE, **options: Any) -> bytes:
    """Return a Hydra workbook with the sheets Sessions and Attendance."""
    return workbook({"Sessions": sessions, "Attendance": attendance}, **options)


def with_dates(form: Callable[[date], Any]) -> Rows:
    """Return the rows of the sheet Sessions, after applying `form` to each date."""
    return [SESSIONS[0], *[[code, form(day), *rest] for code, day, *rest in SESSIONS[1:]]]


def with_numbers(form: Callable[[str], Any]) -> Rows:
    """Return the rows of the sheet Attendance, after applying `form` to each employee number."""
    return [ATTENDANCE[0], *[[row[0], form(row[1]), *row[2:]] for row in ATTENDANCE[1:]]]


def written(write: Callable[[Any, Any], None]) -> bytes:
    """Return a Hydra workbook after `write` has changed its sheets Sessions and Attendance."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheets = [book.add_worksheet(name) for name in ("Sessions", "Attendance")]
    for sheet, rows in zip(sheets, (SESSIONS, ATTENDANCE), strict=True):
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, place, value, day)
                elif value is not None:
                    sheet.write(number, place, value)
    write(*sheets)
    book.close()
    return stream.getvalue()


def repacked(
    change: dict[str, bytes | Callable[[bytes], bytes] | None], source: bytes | None = None
) -> bytes:
    """Return a workbook with some parts of its ZIP archive changed.

    `change` maps a part's name to its new content, to a function of its old content, or to None if
    the part is to be removed.
    """
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(source or both())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            part = change.get(name, old.read(name))
            if part is not None:
                new.writestr(name, part(old.read(name)) if callable(part) else part)
    return out.getvalue()


def archive(**parts: bytes) -> bytes:
    """Return a ZIP archive with these parts.

    In the keyword of a part, `__` stands for a slash and `_` for a dot.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


def sheet(body: bytes, before: bytes = b"") -> bytes:
    """Return the XML of a worksheet with these rows. `before` is put before the XML."""
    start = b'<worksheet xmlns="' + NAMESPACE + b'"><sheetData>'
    return before + start + body + b"</sheetData></worksheet>"


def office_document(directory: str) -> bytes:
    """Return bytes that look like an OLE2 document with an entry of this name."""
    entry = directory.encode("utf-16-le")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + entry + bytes(512)


def marked_encrypted() -> bytes:
    """Return a workbook whose parts are marked as encrypted, as in a ZIP with a password."""
    data = bytearray(both())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(signature, place + 4)
    return bytes(data)


def with_a_claim(data: bytes, size: int) -> bytes:
    """Return a workbook whose ZIP directory states a false size for the sheet Sessions."""
    changed = bytearray(data)
    entry = changed.rfind(SESSIONS_PART.encode()) - 46
    assert changed[entry : entry + 4] == b"PK\x01\x02"
    changed[entry + 24 : entry + 28] = size.to_bytes(4, "little")
    return bytes(changed)


def with_a_part_twice() -> bytes:
    """Return a workbook whose ZIP archive has two parts named like the sheet Sessions."""
    out = io.BytesIO(both())
    with zipfile.ZipFile(out, "a") as book:
        book.filelist  # noqa: B018 - loads the directory before a part is added
        info = zipfile.ZipInfo(SESSIONS_PART)
        book.NameToInfo.pop(SESSIONS_PART)
        book.writestr(info, sheet(b""))
    return out.getvalue()
