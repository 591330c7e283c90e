"""A delivered file as rows of text, ready to be copied into the warehouse and checked there."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import Any

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources import delimited
from oic_assurance.sources.delimited import Broken
from oic_assurance.sources.files import Content
from oic_assurance.sources.header import SAMPLE_ROWS, Header, Record, locate
from oic_assurance.sources.model import Dataset, FilePlace, Table
from oic_assurance.sources.workbook import Workbook

#: A row for the warehouse: place in the table, why it cannot be taken apart (or None), its cells
#: as JSON in that case, and the values in the order of the declaration.
Row = list[str | int | None]

TOTAL_LINES = 3
_TOTAL = re.compile(
    r"\W*(grand\s+)?(sub-?)?totals?\b"
    r"|\W*((row|record|line)s?\s+)?count\b"
    r"|\W*(number|no\.?)\s+of\s+(row|record|line|entrie)s\b"
    r"|\W*(row|record)s?\b"
    r"|\W*end\s+of\s+(file|report|data|extract|export|list)\b"
    r"|\W*(report\s+)?(generated|printed|produced|exported|extracted)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"[\d.,:/ -]*")


@dataclass
class Reading:
    """One table of a delivery: its rows, and notes on what was coped with, complete at the end."""

    table: Table
    rows: Iterator[Row]
    notes: dict[str, Any] = field(default_factory=dict)


def read_tables(content: Content, dataset: Dataset) -> list[Reading]:
    """Open a file of a dataset. Raises `DeliveryRefused` with the reason, not naming the file."""
    if content.size_bytes == 0:
        raise DeliveryRefused("it is empty (0 bytes)")
    place = dataset.place
    if isinstance(place, FilePlace) and place.format == "xlsx":
        return _read_workbook(content, dataset)
    return [_read_delimited(content, dataset)]


def _read_delimited(content: Content, dataset: Dataset) -> Reading:
    table = dataset.tables[0]
    encoding = delimited.detect_encoding(content.stream)
    number, header = locate(delimited.samples(content.stream, encoding), table, dataset)
    delimiter = delimited.DELIMITERS[number]
    notes = _header_notes(header)
    if encoding.name != "utf-8":
        notes["encoding"] = encoding.name
    if delimiter != ",":
        notes["delimiter"] = delimiter
    if not delimited.ends_with_newline(content.stream, encoding):
        notes["last_line"] = "without a line end"
    records = delimited.records(
        content.stream, encoding, delimiter, header.width, skip=header.index + 1
    )
    return Reading(table, _rows(records, header, notes, delimiter), notes)


def _read_workbook(content: Content, dataset: Dataset) -> list[Reading]:
    book = Workbook(content.stream)
    further = book.check_sheets(dataset)
    readings = []
    for table in dataset.tables:
        sheet = table.sheet or ""
        try:
            _, header = locate([list(islice(book.rows(sheet), SAMPLE_ROWS))], table, dataset)
        except DeliveryRefused as error:
            raise DeliveryRefused(f"sheet {sheet}: {error.message}") from error
        days = frozenset(
            position
            for position, column in zip(header.positions, table.columns, strict=True)
            if column.type in ("date", "timestamptz")
        )
        notes = _header_notes(header)
        records = islice(book.rows(sheet, days), header.index + 1, None)
        readings.append(Reading(table, _rows(records, header, notes, None), notes))
    if further:
        readings[0].notes["sheets_kept_out"] = further
    return readings


def _header_notes(header: Header) -> dict[str, Any]:
    notes: dict[str, Any] = {}
    if header.index:
        notes["lines_above_header"] = header.index
    if header.extra:
        notes["columns_kept_out"] = list(header.extra)
    return notes


def _rows(
    records: Iterable[Record | Broken], header: Header, notes: dict[str, Any], delimiter: str | None
) -> Iterator[Row]:
    """Give the rows numbered, without blank lines and total lines at the end.

    In a sheet every row has all cells; in delimited text (`delimiter` given) a row with more or
    fewer cells than the header is a fault.
    """
    # One position more than is wanted, since of a single one no tuple would come.
    pick = itemgetter(*header.positions, header.positions[0])
    count = len(header.positions)
    width = header.width
    for number, record in enumerate(_without_totals(records, notes), 1):
        if isinstance(record, Broken):
            yield _broken(number, record, header, delimiter)
        elif delimiter is not None and len(record) != width:
            yield _wrong_count(number, record, header)
        else:
            yield [number, None, None, *[cell.strip() for cell in pick(record)[:count]]]


def _without_totals(
    records: Iterable[Record | Broken], notes: dict[str, Any]
) -> Iterator[Record | Broken]:
    """Leave out blank lines, and lines of totals when no row comes after them."""
    held: list[Record] = []
    for record in records:
        # A row that begins with a digit is neither; most rows do.
        if isinstance(record, list) and not (record and record[0][:1].isdigit()):
            first = next((cell for cell in record if cell and not cell.isspace()), None)
            if first is None:
                continue
            if len(held) < TOTAL_LINES and _TOTAL.match(first) and _is_total(record):
                held.append(record)
                continue
        if held:
            yield from held
            held.clear()
        yield record
    if held:
        notes["total_lines"] = len(held)


def _is_total(record: Record) -> bool:
    """Tell whether a row that starts with a word for totals holds nothing but figures beside it."""
    texts = [cell.strip() for cell in record if cell.strip()]
    return len(texts) <= TOTAL_LINES and all(_FIGURE.fullmatch(text) for text in texts[1:])


def _wrong_count(number: int, record: Record, header: Header) -> Row:
    reason = f"the row has {len(record)} cells where the header has {header.width}"
    return [number, reason, json.dumps(record), *_readable(record, header)]


def _broken(number: int, broken: Broken, header: Header, delimiter: str | None) -> Row:
    cells = [cell.strip('"') for cell in broken.line.split(delimiter)]
    return [number, broken.reason, json.dumps([broken.line]), *_readable(cells, header)]


def _readable(cells: Record, header: Header) -> list[str | None]:
    """Give what a broken row holds where it should, but for its last cell, which may be cut off.

    It is used for one thing: to tell which record the row was about, so that a full delivery does
    not count it as vanished.
    """
    return [
        cells[position].strip() if position < len(cells) - 1 else None
        for position in header.positions
    ]
