"""A delivered file without some of its rows, proven to read as the old one does but for them.

Of delimited text the lines of those rows are left out and every other byte stays; of workbooks see
`workbook_without_rows`.
"""

import hashlib
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import zip_longest
from tempfile import SpooledTemporaryFile
from typing import IO

from oic_assurance.errors import AssuranceError
from oic_assurance.sources.declarations.model import Dataset, FilePlace
from oic_assurance.sources.files import delimited
from oic_assurance.sources.files.delimited import Broken, Part, PlainLines, Records
from oic_assurance.sources.files.dropped import CHUNK_BYTES, MEMORY_BYTES, Content
from oic_assurance.sources.files.encoding import Encoding, detect_encoding
from oic_assurance.sources.files.header import Record, locate
from oic_assurance.sources.files.tabular import read_tables
from oic_assurance.sources.files.workbook_without_rows import write_workbook

_LINE_END = re.compile(r"\r\n|\r|\n")

Places = Mapping[str, Collection[int]]


@contextmanager
def without_rows(content: Content, dataset: Dataset, places: Places) -> Iterator[Content]:
    """Give a file without the rows at `places` (by table, numbered as they are read now).

    Raises `AssuranceError` when what is left would not read as before.
    """
    places = {table: frozenset(numbers) for table, numbers in places.items()}
    with SpooledTemporaryFile(max_size=MEMORY_BYTES) as draft:
        if isinstance(dataset.place, FilePlace) and dataset.place.format == "xlsx":
            write_workbook(content.stream, dataset, places, draft)
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
    encoding = detect_encoding(content.stream)
    samples = delimited.samples(content.stream, encoding)
    number, header = locate([sample.records for sample in samples], table, dataset)
    sample = samples[number]
    parts = delimited.read_rows(content.stream, encoding, sample, header.index, {})
    # Every row's lines are counted, from those of the header on.
    taken, head = _lines_taken(parts, sample.delimiter), sample.ends[header.index]
    first = sum(1 for _ in _lines_until(content, encoding, head))
    gone = set(_lines_at(taken, first, places.get(table.name, ())))
    for line_number, line in enumerate(_byte_lines(content, encoding)):
        if line_number not in gone:
            draft.write(line)


def _lines_until(content: Content, encoding: Encoding, characters: int) -> Iterator[str]:
    """Give the lines that the first characters of a file make."""
    content.stream.seek(0)
    text = io.TextIOWrapper(content.stream, encoding.name, encoding.errors, newline="")
    try:
        while characters > 0:
            line = text.readline()
            characters -= len(line)
            yield line
    finally:
        text.detach()


def _lines_taken(parts: Iterable[Part], delimiter: str) -> Iterator[tuple[int, bool]]:
    """Give for each record how many lines it takes, and whether it is a row.

    A record takes a line, and one more for each line end inside its quotes; what is broken is one
    line, and what is blank is no row. (Total lines at the end count here, but no row comes after.)
    """
    for part in parts:
        if isinstance(part, PlainLines):
            for line in part.lines:
                yield 1, not _is_blank(line.split(delimiter))
        elif isinstance(part, Records):
            for record in part.records:
                yield _height(record), not _is_blank(record)
        elif isinstance(part, Broken):
            yield 1, True
        else:
            yield _height(part), not _is_blank(part)


def _height(record: Record) -> int:
    return 1 + sum(len(_LINE_END.findall(cell)) for cell in record)


def _is_blank(record: Record) -> bool:
    return not any(cell and not cell.isspace() for cell in record)


def _lines_at(
    taken: Iterable[tuple[int, bool]], first: int, places: Collection[int]
) -> Iterator[int]:
    """Give the numbers of the lines that the rows at `places` stand on."""
    line = first
    place = 0
    for lines, is_row in taken:
        if is_row:
            place += 1
            if place in places:
                yield from range(line, line + lines)
        line += lines


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
