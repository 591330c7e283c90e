"""A delivered file without some of its rows, proven to read as the old one does but for them.

Of delimited text the lines of those rows are left out and every other byte stays. A workbook is
written anew with the texts of the declared sheets' cells and nothing else: formulas, caches,
comments and further sheets hold copies of rows that nobody can find with certainty.
"""

import csv
import hashlib
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice, zip_longest
from tempfile import SpooledTemporaryFile
from typing import IO

import xlsxwriter

from oic_assurance.errors import AssuranceError
from oic_assurance.sources import delimited
from oic_assurance.sources.delimited import Broken, Encoding
from oic_assurance.sources.files import CHUNK_BYTES, MEMORY_BYTES, Content
from oic_assurance.sources.header import SAMPLE_ROWS, Record, locate
from oic_assurance.sources.model import Dataset, FilePlace, Table
from oic_assurance.sources.tabular import read_tables
from oic_assurance.sources.workbook import Workbook

_LINE_END = re.compile(r"\r\n|\r|\n")
#: A workbook says when it was made; the same rows are to make the same bytes.
_MADE_AT = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)

Places = Mapping[str, Collection[int]]


@contextmanager
def without_rows(content: Content, dataset: Dataset, places: Places) -> Iterator[Content]:
    """Give a file without the rows at `places` (by table, numbered as they are read now).

    Raises `AssuranceError` when what is left would not read as before.
    """
    places = {table: frozenset(numbers) for table, numbers in places.items()}
    with SpooledTemporaryFile(max_size=MEMORY_BYTES) as draft:
        if isinstance(dataset.place, FilePlace) and dataset.place.format == "xlsx":
            _write_workbook(content, dataset, places, draft)
        else:
            _write_delimited(content, dataset, places, draft)
        rewritten = _content_of(draft)
        _check(content, rewritten, dataset, places)
        draft.seek(0)
        yield rewritten


def _content_of(stream: IO[bytes]) -> Content:
    stream.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    stream.seek(0)
    return Content(stream, size, digest.hexdigest())


def _check(before: Content, after: Content, dataset: Dataset, places: Places) -> None:
    """Read both and compare them row by row: nothing else may have gone, come or changed."""
    for old, new in zip(read_tables(before, dataset), read_tables(after, dataset), strict=True):
        gone = places.get(old.table.name, ())
        left = (row for row in old.rows if row[0] not in gone)
        for one, other in zip_longest(left, new.rows):
            if one is None or other is None or one[1:] != other[1:]:
                raise AssuranceError(
                    f"{dataset.name}: a kept file cannot be rewritten: without the erased rows it "
                    "would be read in another way."
                )


# -------------------------------------------------------------------- delimited text


def _write_delimited(content: Content, dataset: Dataset, places: Places, draft: IO[bytes]) -> None:
    [table] = dataset.tables
    encoding = delimited.detect_encoding(content.stream)
    number, header = locate(delimited.samples(content.stream, encoding), table, dataset)
    delimiter = delimited.DELIMITERS[number]
    first = _lines_of_head(content.stream, encoding, delimiter, header.index + 1)
    records = delimited.records(
        content.stream, encoding, delimiter, header.width, skip=header.index + 1
    )
    gone = set(_lines_at(records, first, places.get(table.name, ())))
    for line_number, line in enumerate(_byte_lines(content, encoding)):
        if line_number not in gone:
            draft.write(line)


def _lines_of_head(stream: IO[bytes], encoding: Encoding, delimiter: str, records: int) -> int:
    """Return how many lines the rows down to the header take."""
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding.name, encoding.errors, newline="")
    try:
        reader = csv.reader(text, delimiter=delimiter)
        for _ in islice(reader, records):
            pass
        return reader.line_num
    finally:
        text.detach()


def _lines_at(
    records: Iterable[Record | Broken], first: int, places: Collection[int]
) -> Iterator[int]:
    """Give the numbers of the lines that the rows at `places` stand on.

    A row takes a line, and one more for each line end inside its quotes. Blank rows have no place;
    neither have total lines at the end, but no row comes after those.
    """
    line = first
    place = 0
    for record in records:
        taken = 1
        if isinstance(record, list):
            taken += sum(len(_LINE_END.findall(cell)) for cell in record)
        if not _is_blank(record):
            place += 1
            if place in places:
                yield from range(line, line + taken)
        line += taken


def _is_blank(record: Record | Broken) -> bool:
    return isinstance(record, list) and not any(cell and not cell.isspace() for cell in record)


def _byte_lines(content: Content, encoding: Encoding) -> Iterator[bytes]:
    """Give a file's lines as the bytes that they are, ended where the reader ends them."""
    content.stream.seek(0)
    name = encoding.name
    if name == "utf-16":
        name = "utf-16-le" if content.stream.read(2) == b"\xff\xfe" else "utf-16-be"
        content.stream.seek(0)
    if not name.startswith("utf-16"):
        # One character a byte, and line ends are what they are in all of these.
        name = "latin-1"
    text = io.TextIOWrapper(content.stream, name, "surrogatepass", newline="")
    cut = content.size_bytes % 2 if name.startswith("utf-16") else 0
    if cut:
        # Half a character at the end of a file that was cut off.
        text.detach()
        whole = _Short(content.stream, content.size_bytes - 1)
        text = io.TextIOWrapper(io.BufferedReader(whole), name, "surrogatepass", newline="")
    try:
        for line in text:
            yield line.encode(name, "surrogatepass")
    finally:
        text.detach()
    if cut:
        content.stream.seek(-1, io.SEEK_END)
        yield content.stream.read()


class _Short(io.RawIOBase):
    """The first bytes of a stream."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self._left = size
        stream.seek(0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        chunk = self._stream.read(min(len(buffer), self._left))
        buffer[: len(chunk)] = chunk
        self._left -= len(chunk)
        return len(chunk)


# -------------------------------------------------------------------- workbooks


def _write_workbook(content: Content, dataset: Dataset, places: Places, draft: IO[bytes]) -> None:
    source = Workbook(content.stream)
    options = {"constant_memory": True, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(draft, options)
    book.set_properties({"created": _MADE_AT})
    for table in dataset.tables:
        sheet = book.add_worksheet(table.sheet)
        for number, record in enumerate(_left(source, dataset, table, places)):
            for position, cell in enumerate(record):
                if cell:
                    sheet.write_string(number, position, cell)
    book.close()


def _left(source: Workbook, dataset: Dataset, table: Table, places: Places) -> Iterator[Record]:
    """Give the rows of a sheet that stay, as the texts that they are read as."""
    sheet = table.sheet or ""
    _, header = locate([list(islice(source.rows(sheet), SAMPLE_ROWS))], table, dataset)
    days = frozenset(
        position
        for position, column in zip(header.positions, table.columns, strict=True)
        if column.type in ("date", "timestamptz")
    )
    gone = places.get(table.name, ())
    place = 0
    for index, record in enumerate(source.rows(sheet, days)):
        if index > header.index and not _is_blank(record):
            place += 1
            if place in gone:
                continue
        yield record
