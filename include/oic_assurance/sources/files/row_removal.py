"""Remove rows from a delivered file, and prove that all other rows still read the same.

In delimited text, the lines of these rows are removed, and every other byte stays unchanged. The
module `workbook_row_removal` removes rows from workbooks.
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
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.sources.files import delimited
from oic_assurance.sources.files.delimited import Broken, Part, PlainLines, Records
from oic_assurance.sources.files.dropped import CHUNK_BYTES, MEMORY_BYTES, Content
from oic_assurance.sources.files.encoding import Encoding, detect_encoding
from oic_assurance.sources.files.header import Record, find_header
from oic_assurance.sources.files.tabular import read_tables
from oic_assurance.sources.files.workbook_row_removal import write_workbook

_LINE_END = re.compile(r"\r\n|\r|\n")

Places = Mapping[str, Collection[int]]


@contextmanager
def remove_rows(
    content: Content, dataset: Dataset, places: Places, totals: Mapping[str, int]
) -> Iterator[Content]:
    """Yield a copy of a file without the rows at `places`.

    `places` maps each table to the numbers of its rows. The numbers are those of the present file,
    so they do not count rows that were removed earlier. `totals` maps each table to the number of
    its total lines, which stay in the file.

    Raises:
        AssuranceError: The other rows would not read the same.
    """
    places = {table: frozenset(numbers) for table, numbers in places.items()}
    with SpooledTemporaryFile(max_size=MEMORY_BYTES) as draft:
        if dataset.is_workbook:
            write_workbook(content.stream, dataset, places, draft)
        else:
            _write_delimited(content, dataset, places, draft)
        rewritten = _content_of(draft)
        _check(content, rewritten, dataset, places, totals)
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


def _check(
    before: Content,
    after: Content,
    dataset: Dataset,
    places: Places,
    totals: Mapping[str, int],
) -> None:
    """Check that the new file has all rows of the old one, except the rows at `places`.

    Raises:
        AssuranceError: Another row is missing, added or changed.
    """
    readings = (read_tables(content, dataset, totals) for content in (before, after))
    for old, new in zip(*readings, strict=True):
        removed = places.get(old.table.name, ())
        remaining = (row for row in old.rows if row[0] not in removed)
        for one, other in zip_longest(remaining, new.rows):
            if one is None or other is None or one[1:] != other[1:]:
                raise AssuranceError(
                    f"{dataset.name}: an archived file cannot be rewritten: without the erased"
                    " rows, its other rows would not read the same."
                )


# -------------------------------------------------------------------- delimited text


def _write_delimited(content: Content, dataset: Dataset, places: Places, draft: IO[bytes]) -> None:
    [table] = dataset.tables
    encoding = detect_encoding(content.stream)
    samples = delimited.samples(content.stream, encoding)
    number, header = find_header([sample.records for sample in samples], table, dataset)
    sample = samples[number]
    parts = delimited.read_rows(content.stream, encoding, sample, header.index, {})
    # Lines are counted from the top of the file, but the rows start below the header. So `first` is
    # the number of lines down to the header.
    counts, head = _line_counts(parts, sample.delimiter), sample.ends[header.index]
    first = sum(1 for _ in _lines_until(content, encoding, head))
    removed = set(_lines_at(counts, first, places.get(table.name, ())))
    for line_number, line in enumerate(_byte_lines(content, encoding)):
        if line_number not in removed:
            draft.write(line)


def _lines_until(content: Content, encoding: Encoding, characters: int) -> Iterator[str]:
    """Yield the lines that make up the first `characters` characters of a file."""
    content.stream.seek(0)
    text = io.TextIOWrapper(content.stream, encoding.name, encoding.errors, newline="")
    try:
        while characters > 0:
            line = text.readline()
            characters -= len(line)
            yield line
    finally:
        text.detach()


def _line_counts(parts: Iterable[Part], delimiter: str) -> Iterator[tuple[int, bool]]:
    """Yield for each record the number of its lines, and whether the record is a row.

    A record has one line, plus one for each line end inside its quotes. A broken row has one line.
    A blank line is not a row. Total lines at the end of the file count as rows here. This does no
    harm, because no row follows them.
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
    counts: Iterable[tuple[int, bool]], first: int, places: Collection[int]
) -> Iterator[int]:
    """Yield the numbers of the lines of the rows at `places`.

    `first` is the number of the first line below the header. Lines are counted from 0.
    """
    line = first
    place = 0
    for lines, is_row in counts:
        if is_row:
            place += 1
            if place in places:
                yield from range(line, line + lines)
        line += lines


def _byte_lines(content: Content, encoding: Encoding) -> Iterator[bytes]:
    """Yield the lines of a file as bytes.

    The lines end at the same places as when the rows of the file are read.
    """
    content.stream.seek(0)
    name = encoding.name
    if name == "utf-16":
        name = "utf-16-le" if content.stream.read(2) == b"\xff\xfe" else "utf-16-be"
        content.stream.seek(0)
    if not name.startswith("utf-16"):
        # Latin-1 maps each byte to one character, so every byte stays as it is. The file is UTF-8
        # or Windows-1252, in which the line ends are the same bytes as in Latin-1.
        name = "latin-1"
    text = io.TextIOWrapper(content.stream, name, "surrogatepass", newline="")
    cut = content.size_bytes % 2 if name.startswith("utf-16") else 0
    if cut:
        # The file was cut off, so it ends with half a character.
        text.detach()
        whole = _Prefix(content.stream, content.size_bytes - 1)
        text = io.TextIOWrapper(io.BufferedReader(whole), name, "surrogatepass", newline="")
    try:
        for line in text:
            yield line.encode(name, "surrogatepass")
    finally:
        text.detach()
    if cut:
        content.stream.seek(-1, io.SEEK_END)
        yield content.stream.read()


class _Prefix(io.RawIOBase):
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
