"""Delimited text as it really comes: encodings, separators, quotes that are never closed."""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.header import SAMPLE_ROWS, Record

DELIMITERS = (",", ";", "\t")
CHUNK_BYTES = 1024 * 1024
SAMPLE_CHARACTERS = 64 * 1024
BINARY_STARTS = {
    b"PK\x03\x04": "a workbook or an archive",
    b"\xd0\xcf\x11\xe0": "an old or encrypted Office document",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a compressed file",
}
NUL = "\0"


@dataclass(frozen=True)
class Broken:
    """A line that cannot be taken apart into cells, and why."""

    line: str
    reason: str


@dataclass(frozen=True)
class Encoding:
    """How a file's bytes are read as text."""

    name: str
    errors: str = "strict"


def detect_encoding(stream: IO[bytes]) -> Encoding:
    """Tell a file's encoding, without guessing: a mark, a certain pattern, or what it is valid in.

    A file cut off inside its last character is still read; that character becomes a sign for it.
    """
    stream.seek(0)
    head = stream.read(4096)
    for start, what in BINARY_STARTS.items():
        if head.startswith(start):
            raise DeliveryRefused(f"it is {what}, not delimited text")
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise DeliveryRefused("it is UTF-32, which is not supported")
    wide = _utf_16(head)
    if wide is not None:
        if _is_valid(stream, wide) is None:
            raise DeliveryRefused("it starts as UTF-16 but does not stay readable as that")
        return Encoding(wide, "replace")
    if head.count(0) > len(head) / 100:
        raise DeliveryRefused("it holds zero bytes and nothing that tells how it is encoded")
    name = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    valid = _is_valid(stream, name)
    if valid is not None:
        return Encoding(name, "strict" if valid else "replace")
    if name == "utf-8-sig":
        raise DeliveryRefused("it has the mark of UTF-8 but does not stay readable as that")
    if _is_valid(stream, "cp1252"):
        return Encoding("cp1252")
    raise DeliveryRefused("it is readable neither as UTF-8 nor as UTF-16 or Windows-1252")


def _utf_16(head: bytes) -> str | None:
    """Name the UTF-16 that a file starts in, by its mark or because every other byte is a zero."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0::2], head[1::2]
    for silent, speaking, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if len(head) > 3 and silent.count(0) > 0.75 * len(silent) > 15 * speaking.count(0):
            return name
    return None


def _is_valid(stream: IO[bytes], encoding: str) -> bool | None:
    """Tell whether all bytes are valid: True, False when the last character is cut, or None."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := stream.read(CHUNK_BYTES):
            decoder.decode(chunk)
    except UnicodeDecodeError:
        return None
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def samples(stream: IO[bytes], encoding: Encoding) -> list[list[Record]]:
    """Read the first rows of a file once with each delimiter."""
    with _text(stream, encoding) as text:
        lines = text.read(SAMPLE_CHARACTERS).splitlines(keepends=True)[: 2 * SAMPLE_ROWS]
    found = []
    for delimiter in DELIMITERS:
        reader = csv.reader(lines, delimiter=delimiter)
        records: list[Record] = []
        try:
            records.extend(record for record, _ in zip(reader, range(SAMPLE_ROWS), strict=False))
        except csv.Error:
            records.append([])
        found.append(records)
    return found


def ends_with_newline(stream: IO[bytes], encoding: Encoding) -> bool:
    """Tell whether the last line of a file is closed."""
    stream.seek(0, io.SEEK_END)
    stream.seek(max(0, stream.tell() - 4))
    tail = stream.read()
    if "16" in encoding.name:
        tail = tail.rstrip(b"\0")
    return tail.endswith((b"\n", b"\r"))


def records(
    stream: IO[bytes], encoding: Encoding, delimiter: str, width: int, skip: int
) -> Iterator[Record | Broken]:
    """Read the rows of a file after the first `skip`.

    A quote that is never closed would swallow the lines after it. So when a row cannot be read, or
    is made of several lines but has not `width` cells, only its first line is broken, and the
    others are read again by themselves.
    """
    with _text(stream, encoding) as text:
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        number = 0
        while True:
            lines.taken.clear()
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                number += 1
                line = lines.give_back()
                if number > skip:
                    yield Broken(line, f"the row cannot be read: {_reason(error)}")
                reader = csv.reader(lines, delimiter=delimiter, strict=True)
                continue
            number += 1
            if number <= skip:
                continue
            if len(lines.taken) > 1 and len(record) != width:
                yield Broken(lines.give_back(), "the row has a quote that is not closed")
                continue
            if NUL in "".join(lines.taken):
                yield Broken(lines.give_back(), "the row holds a NUL character")
                continue
            yield record


class _Lines:
    """Lines for a reader, which remember what the present row has taken and can be given back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def give_back(self) -> str:
        """Give back all lines of the present row but the first, and return that one."""
        first, *others = self.taken or [""]
        self._again.extendleft(reversed(others))
        return first.rstrip("\r\n").replace(NUL, "\N{SYMBOL FOR NULL}")


class _text:  # noqa: N801 - used as a function is
    """A text view of a stream that leaves the stream open when it is done."""

    def __init__(self, stream: IO[bytes], encoding: Encoding) -> None:
        stream.seek(0)
        self._text = io.TextIOWrapper(
            stream, encoding=encoding.name, errors=encoding.errors, newline=""
        )

    def __enter__(self) -> io.TextIOWrapper:
        return self._text

    def __exit__(self, *_: object) -> None:
        self._text.detach()


def _reason(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "a quote is not closed"
    if "expected after" in text:
        return "text follows a closing quote"
    return "a cell is too long" if "field larger" in text else text
