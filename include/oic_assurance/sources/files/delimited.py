"""Read delimited text: delimiters, line ends, and quotes that are never closed.

A block of lines without quotes is simply split at the delimiters. Most blocks of most files have no
quotes. The csv module parses a block with quotes. If a quote is never closed, its line becomes a
broken row, and the lines after it are read again.
"""

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.files.encoding import Encoding
from oic_assurance.sources.files.header import SAMPLE_ROWS, Record

DELIMITERS = (",", ";", "\t")
#: The size of a block. It is small enough that a block and its cells fit into a processor's cache.
BLOCK_BYTES = 32 * 1024
SAMPLE_CHARACTERS = 1024 * 1024
#: The longest cell, in characters: the default of the csv module.
LONGEST_CELL = 131_072
#: The longest row in characters, on one line or several. The limit keeps a file from filling the
#: memory.
LONGEST_ROW = 4 * 1024 * 1024
#: If a quote is not closed, the lines after it are read again. The file is refused if the number of
#: characters read again is more than this number plus four times the characters of the file that
#: were read so far.
MOST_READ_AGAIN = 32 * 1024 * 1024
#: Part of the csv module's message when a file ends inside a quote.
NO_END = "unexpected end of data"
NUL = "\0"
#: The characters that `str.strip` removes, except space, CR and LF. `BLANKS` contains those in
#: ASCII, and `FURTHER_BLANKS` all others.
BLANKS = "\t\v\f\x1c\x1d\x1e\x1f"
FURTHER_BLANKS = "".join(
    c
    for c in map(
        chr, (0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
    )
    if c.isspace()
)


@dataclass(frozen=True)
class Broken:
    """A row that cannot be used as it is, and the reason."""

    cells: Record
    #: The original cells or line, which go into quarantine.
    original: list[str]
    reason: str
    #: Whether every cell of the row is complete. If False, the last cell may be cut off.
    is_whole: bool = False


@dataclass(frozen=True)
class PlainLines:
    """Lines that have no quotes. The line ends are removed. Each line is a row."""

    lines: list[str]
    #: Whether no cell begins or ends with a blank.
    is_trimmed: bool


@dataclass(frozen=True)
class Records:
    """The rows of one block, each as a list of cells."""

    records: list[Record]
    is_trimmed: bool


Part = PlainLines | Records | Record | Broken


@dataclass(frozen=True)
class Sample:
    """The first rows of a file, read with one delimiter."""

    delimiter: str
    records: list[Record]
    #: For each record, the position of its end: the number of characters from the start of the
    #: file.
    ends: list[int]


def samples(stream: IO[bytes], encoding: Encoding) -> list[Sample]:
    """Read the first rows of a file once with each delimiter. Return one sample per delimiter."""
    text = ""
    for block in _blocks(stream, encoding, 0, {}):
        text += block
        if len(text) > SAMPLE_CHARACTERS:
            break
    lines = list(islice(io.StringIO(text, newline=""), 4 * SAMPLE_ROWS))
    return [_sample(lines, delimiter) for delimiter in DELIMITERS]


def _sample(lines: list[str], delimiter: str) -> Sample:
    sample = Sample(delimiter, [], [])
    reader = _RowReader(_Lines(iter([]), deque(lines)), delimiter, width=None)
    while reader.lines.waiting and len(sample.records) < SAMPLE_ROWS:
        part = reader.next()
        sample.records.append([] if isinstance(part, Broken) else part)
        rest = sum(map(len, reader.lines.waiting))
        sample.ends.append(sum(map(len, lines)) - rest)
    return sample


def ends_with_newline(stream: IO[bytes], encoding: Encoding) -> bool:
    """Tell whether the last character of a file is a line end."""
    stream.seek(0, io.SEEK_END)
    stream.seek(max(0, stream.tell() - 4))
    tail = stream.read()
    if "16" in encoding.name:
        tail = tail.rstrip(b"\0")
    return tail.endswith((b"\n", b"\r"))


def read_rows(
    stream: IO[bytes],
    encoding: Encoding,
    sample: Sample,
    header: int,
    notes: dict[str, Any],
) -> Iterator[Part]:
    """Yield the rows below the header. `header` is the header's row in the sample, counted from 0.

    A row is broken in three cases:

    - The row cannot be read.
    - The row spans several lines and does not have as many cells as the header.
    - The row contains a NUL character.

    In these cases, only the first line of the row becomes the broken row. Its other lines are read
    again as new rows. Otherwise, if a quote is never closed, all lines after it would be lost.

    At the end of the file, the kind of line ends is added to `notes` as `line_ends`, unless all are
    LF.

    Raises:
        DeliveryRefused: A line is too long, or too many quotes are not closed.
    """
    width = len(sample.records[header])
    blocks = _blocks(stream, encoding, sample.ends[header], notes)
    lines = _Lines(blocks, deque())
    reader = _RowReader(lines, sample.delimiter, width)
    for block in blocks:
        lines.given += len(block)
        parsed = _plain_lines(block, sample.delimiter) or _records(block, sample.delimiter, width)
        if parsed is not None:
            yield parsed
            continue
        lines.waiting.extend(io.StringIO(block, newline=""))
        while lines.waiting:
            yield reader.next()


def _blocks(
    stream: IO[bytes], encoding: Encoding, skip: int, notes: dict[str, Any]
) -> Iterator[str]:
    """Yield the text of a file after the first `skip` characters, in blocks of whole lines."""
    stream.seek(0)
    decoder = encoding.decoder()
    rest, ends = "", set[str]()
    while chunk := stream.read(BLOCK_BYTES):
        text = rest + decoder.decode(chunk)
        if skip:
            text, skip = text[skip:], max(0, skip - len(text))
        # A carriage return at the end of the chunk can be the first half of CRLF. So the text is
        # not split there.
        end = 1 + max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1))
        block, rest = text[:end], text[end:]
        if len(rest) > LONGEST_ROW:
            raise DeliveryRefused(f"a line is longer than {LONGEST_ROW:,} characters")
        if block:
            ends |= _line_ends(block)
            yield block
    rest += decoder.decode(b"", final=True)
    if rest[skip:]:
        ends |= _line_ends(rest[skip:])
        yield rest[skip:]
    if ends - {"LF"}:
        notes["line_ends"] = ends.pop() if len(ends) == 1 else "mixed"


def _line_ends(block: str) -> set[str]:
    """Return which line ends a block has: `LF`, `CRLF`, `CR`."""
    returns = block.count("\r")
    if not returns:
        return {"LF"} if "\n" in block else set()
    both = block.count("\r\n")
    counts = {"CRLF": both, "CR": returns - both, "LF": block.count("\n") - both}
    return {name for name, times in counts.items() if times}


def _plain_lines(block: str, delimiter: str) -> PlainLines | None:
    """Split a block into lines.

    Return None if the block cannot simply be split, because it contains a quote, a NUL character,
    or a line so long that a cell in it could be too long.
    """
    if '"' in block or NUL in block:
        return None
    if "\r" in block:
        block = block.replace("\r\n", "\n").replace("\r", "\n")
    lines = block.split("\n")
    if not lines[-1]:
        lines.pop()
    if max(map(len, lines)) > LONGEST_CELL:
        return None
    return PlainLines(lines, _is_trimmed(block, delimiter))


def _records(block: str, delimiter: str, width: int) -> Records | None:
    """Read a whole block with quotes. Return None if the block must be read line by line."""
    if NUL in block:
        return None
    reader = csv.reader(io.StringIO(block, newline=""), delimiter=delimiter, strict=True)
    try:
        records = list(reader)
    except csv.Error:
        return None
    if reader.line_num > len(records) and any(len(record) != width for record in records):
        return None
    return Records(records, _is_trimmed(block, delimiter))


def _is_trimmed(block: str, delimiter: str) -> bool:
    blanks = BLANKS.replace(delimiter, "") + ("" if block.isascii() else FURTHER_BLANKS)
    if any(blank in block for blank in blanks):
        return False
    edges = {f" {sign}" for sign in (delimiter, "\n")} | {f"{sign} " for sign in (delimiter, "\n")}
    if '"' in block:
        edges |= {' "', '" ', " \r"}
    return not (any(edge in block for edge in edges) or block[0] == " " or block[-1] == " ")


@dataclass
class _Lines:
    """The lines of a file, for a csv reader. The lines of the current row can be put back."""

    blocks: Iterator[str]
    waiting: deque[str]
    #: The lines of the current row.
    taken: list[str] = field(default_factory=list)
    #: Numbers of characters: in the current row (`size`), in all blocks so far (`given`), and in
    #: all lines that were put back (`put_back`).
    size: int = 0
    given: int = 0
    put_back: int = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self.waiting:
            block = next(self.blocks)
            self.given += len(block)
            self.waiting.extend(io.StringIO(block, newline=""))
        line = self.waiting.popleft()
        self.taken.append(line)
        self.size += len(line)
        if self.size > LONGEST_ROW and len(self.taken) > 1:
            raise csv.Error(NO_END)
        return line

    def start_row(self) -> None:
        """Forget the lines of the previous row."""
        self.taken.clear()
        self.size = 0

    def put_back_all_but_first(self) -> str:
        """Put back all lines of the current row except the first, and return the first."""
        first, *others = self.taken or [""]
        self.waiting.extendleft(reversed(others))
        self.put_back += self.size - len(first)
        if self.put_back > MOST_READ_AGAIN + 4 * self.given:
            raise DeliveryRefused(
                "too many quotes are not closed, so its rows cannot be told apart"
            )
        return first.rstrip("\r\n").replace(NUL, "\N{SYMBOL FOR NULL}")


class _RowReader:
    """Reads one row after another. If a row is broken, only its first line is returned."""

    def __init__(self, lines: _Lines, delimiter: str, width: int | None) -> None:
        self.lines = lines
        self._delimiter = delimiter
        self._width = width
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)

    def next(self) -> Record | Broken:
        """Read the next row. The caller checks that at least one line is left."""
        lines = self.lines
        lines.start_row()
        try:
            record = next(self._reader)
        except csv.Error as error:
            self._reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
            return self._broken(f"the row cannot be read: {_reason(error)}")
        if len(lines.taken) > 1 and self._width not in (None, len(record)):
            return self._broken("the row has a quote that is not closed")
        if any(NUL in line for line in lines.taken):
            return self._broken("the row holds a NUL character")
        return record

    def _broken(self, reason: str) -> Broken:
        line = self.lines.put_back_all_but_first()
        cells = [cell.strip('"') for cell in line.split(self._delimiter)]
        return Broken(cells, [line], reason)


def _reason(error: csv.Error) -> str:
    text = str(error)
    if NO_END in text:
        return "a quote is not closed"
    if "expected after" in text:
        return "text follows a closing quote"
    return "a cell is too long" if "field larger" in text else text
