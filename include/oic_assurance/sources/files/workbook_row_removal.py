"""Remove rows from a workbook by cutting their elements out of the XML of the sheets.

The new workbook has only the declared sheets and the parts that are needed to read them. Caches,
comments and other sheets are left out: they can contain a copy of a removed row, and this module
could not find every copy. A workbook has a table of shared texts, to which cells of all sheets
refer. A shared text that no remaining row uses becomes blank.
"""

import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import IO

from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.sources.files.delimited import Broken
from oic_assurance.sources.files.header import SAMPLE_ROWS, find_header
from oic_assurance.sources.files.package import TEXTS, Package
from oic_assurance.sources.files.workbook import Workbook, declared_sheets
from oic_assurance.sources.files.xml_events import feed, parser_without_doctype

#: The time of every part in the new package. It is fixed, so that the same rows give the same
#: bytes.
_MADE_AT = (1980, 1, 1, 0, 0, 0)
_BLANK = b"<si><t/></si>"

Span = tuple[int, int]


def write_workbook(
    stream: IO[bytes], dataset: Dataset, places: Mapping[str, Collection[int]], draft: IO[bytes]
) -> None:
    """Write a workbook without the rows at `places` to `draft`.

    `places` maps the name of each table to the numbers of the rows to remove. The numbers are those
    of the present file, so they do not count rows that were removed earlier.

    Raises:
        DeliveryRefused: The workbook cannot be read as this dataset.
    """
    book, package = Workbook(stream, dataset), Package(stream)
    sheets = declared_sheets(package.sheet_names, dataset)
    removed = {
        package.sheet_part(sheets[table.sheet or ""]): set(
            _sheet_rows(book, dataset, table, places.get(table.name, ()))
        )
        for table in dataset.tables
    }
    used: set[int] = set()
    with (
        zipfile.ZipFile(package.unpacked(sheets.values())) as source,
        zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        # The shared texts are written last. Which of them are still used is known only when all
        # sheets have been read.
        for name in sorted(source.namelist(), key=lambda name: name.lower() == TEXTS):
            part = source.read(name)
            if name in removed:
                part = _cut_rows(part, removed[name], used)
            elif name.lower() == TEXTS:
                part = _blank_texts(part, used)
            target.writestr(zipfile.ZipInfo(name, _MADE_AT), part, zipfile.ZIP_DEFLATED)


def _sheet_rows(
    book: Workbook, dataset: Dataset, table: Table, places: Collection[int]
) -> Iterator[int]:
    """Yield the row numbers that the sheet itself gives to the rows at `places`.

    The sheet numbers every row from its top. `places` count only rows below the header that are not
    blank.
    """
    sheet = table.sheet or ""
    _, header = find_header([book.first_rows(sheet, SAMPLE_ROWS)], table, dataset)
    place = 0
    for number, record in enumerate(book.rows(sheet, header, table), header.index + 2):
        cells = record.cells if isinstance(record, Broken) else record
        if any(cell and not cell.isspace() for cell in cells):
            place += 1
            if place in places:
                yield number


def _cut_rows(part: bytes, removed: set[int], used: set[int]) -> bytes:
    """Return the XML of a sheet without the rows numbered in `removed`.

    The numbers of the shared texts that the other rows refer to are added to `used`.
    """
    spans: list[Span] = []
    row = begin = 0
    shared, value = False, ""

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal row, begin, shared, value
        name = name.rpartition(":")[2]
        if name == "row":
            row = int(attributes.get("r") or row + 1)
            begin = parser.CurrentByteIndex
        elif name == "c":
            shared = attributes.get("t") == "s"
        elif name == "v":
            value = ""

    def end(name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "v" and shared and row not in removed and value.strip().isdigit():
            used.add(int(value))
        elif name == "row" and row in removed:
            spans.append((begin, part.index(b">", parser.CurrentByteIndex) + 1))

    def text(data: str) -> None:
        nonlocal value
        value += data

    parser = parser_without_doctype("the sheet")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    feed(parser, [part], "the sheet")
    return _replaced(part, spans, lambda _: b"")


def _blank_texts(part: bytes, used: set[int]) -> bytes:
    """Return the XML of the shared texts. A text whose number is not in `used` becomes blank.

    A sheet refers to a shared text by its position, so every text keeps its position.
    """
    spans: list[Span] = []
    begin = 0

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal begin
        if name.rpartition(":")[2] == "si":
            begin = parser.CurrentByteIndex

    def end(name: str) -> None:
        if name.rpartition(":")[2] == "si":
            spans.append((begin, part.index(b">", parser.CurrentByteIndex) + 1))

    parser = parser_without_doctype("the workbook")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    feed(parser, [part], "the workbook")
    prefix = _prefix(part, spans)
    blank = _BLANK if not prefix else b"<%b:si><%b:t/></%b:si>" % (prefix, prefix, prefix)
    return _replaced(
        part,
        spans,
        lambda number: part[slice(*spans[number])] if number in used else blank,
    )


def _prefix(part: bytes, spans: list[Span]) -> bytes:
    """Return the namespace prefix that the elements of a part have. Usually it is empty."""
    if not spans:
        return b""
    tag = part[spans[0][0] + 1 : spans[0][0] + 40].split(b">")[0].split()[0].rstrip(b"/")
    return tag.rpartition(b":")[0]


def _replaced(part: bytes, spans: list[Span], by: Callable[[int], bytes]) -> bytes:
    pieces, at = [], 0
    for number, (begin, end) in enumerate(spans):
        pieces += [part[at:begin], by(number)]
        at = end
    return b"".join([*pieces, part[at:]])
