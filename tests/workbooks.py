"""Made-up rows for the workbook, and a reader of the parts of an XLSX file."""

import io
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from xml.etree import ElementTree

from oic_assurance.reporting.workbook.description import SHOWN, SHOWN_COLUMNS, how_to_use, sheets
from oic_assurance.reporting.workbook.make import workbook
from oic_assurance.settings import load_settings

ROOT = load_settings().project_root
SHEETS = sheets(ROOT)
#: Values for some columns. Each is repeated over the rows.
_VALUES: Mapping[str, tuple[Any, ...]] = {
    "Measure": ("Referrals with their document", "Detentions that were referred"),
    "Item": ("Hydra", "E-learning module 1", "E-learning module 2"),
    "District": ("North", "South & East", "None"),
    "Kind": ("Document missing", "=1+1", "Training outstanding"),
    "Age in days": ("0-1", "2-7", "8-28", "over 28"),
    "Met": (3, 0, 7, 5, 2),
    "Of": (4, 1, 9, 5, 6),
    "Completed": (2, 3, 1),
    "People": (3, 5, 4),
    "Exceptions": (1, 2, 3, 1, 1),
}
_OF_KIND: Mapping[str, Any] = {
    "text": "Some text",
    "long": "A longer text",
    "count": 5,
    "whole": 7,
    "share": 0.75,
    "hours": 12.25,
    "date": date(2026, 4, 30),
    "month": date(2026, 3, 1),
    "moment": datetime(2026, 4, 21, 5, 30),  # noqa: DTZ001 - the clock in London
}
Rows = list[dict[str, Any]]


def made_up(count: int = 30) -> dict[str, Rows]:
    """Return rows for each table of the workbook. Columns of one name have values of its kind."""
    found = {SHOWN: [_row(SHOWN_COLUMNS, number) for number in range(4)]}
    for sheet in SHEETS:
        found[sheet.table] = [_row(sheet.columns, number) for number in range(count)]
    return found


def _row(columns: Mapping[str, str], number: int) -> dict[str, Any]:
    row = {}
    for place, (name, kind) in enumerate(columns.items()):
        values = _VALUES.get(name, (_OF_KIND[kind],))
        row[name] = values[(number // (place + 1)) % len(values)]
    return row


def book(rows: dict[str, Rows]) -> bytes:
    """Return the workbook of these rows."""
    return workbook(SHEETS, how_to_use(ROOT), rows, 7)


def parts(content: bytes) -> dict[str, ElementTree.Element]:
    """Return the parsed XML of each part of an XLSX file, keyed by its path."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: ElementTree.fromstring(file.read(name)) for name in file.namelist()}
