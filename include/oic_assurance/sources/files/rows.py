"""Records as rows for the warehouse: numbered, trimmed, without blank lines and total lines."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from oic_assurance.sources.files.delimited import NUL, Broken, Part, PlainLines, Records
from oic_assurance.sources.files.header import Header, Record

#: A row for the warehouse: place in the table, why it cannot be taken apart (or None), its cells
#: as JSON in that case, and the values in the order of the declaration.
Row = list[str | int | None]

TOTAL_LINES = 3
BATCH_ROWS = 200
CHUNK_CHARACTERS = 256 * 1024
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


@dataclass(frozen=True)
class Ready:
    """Good rows as lines: the declared values alone, trimmed, between commas, without quotes."""

    first: int
    lines: list[str]


def as_rows(pieces: Iterable[Ready | list[Row]]) -> Iterator[Row]:
    """Give the rows one by one."""
    for piece in pieces:
        if isinstance(piece, Ready):
            for number, line in enumerate(piece.lines, piece.first):
                yield [number, None, None, *line.split(",")]
        else:
            yield from piece


def as_copy_text(pieces: Iterable[Ready | list[Row]]) -> Iterator[str]:
    """Give the rows as text for PostgreSQL's COPY in its CSV format, blank cells as nulls.

    They keep their numbers but not their order.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for piece in pieces:
        if isinstance(piece, Ready):
            lines = [
                f"{number},,,{line}\r\n" for number, line in enumerate(piece.lines, piece.first)
            ]
            yield "".join(lines)
            continue
        writer.writerows(piece)
        if buffer.tell() > CHUNK_CHARACTERS:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    # PostgreSQL's texts cannot hold a NUL; in what is kept it still stands.
    return text.replace(NUL, "\N{SYMBOL FOR NULL}")


class RowMaker:
    """Makes rows of one table's records; notes what it leaves out.

    In a sheet every row has all cells; in delimited text (`delimiter` given) a row with more or
    fewer cells than the header is a fault.
    """

    def __init__(self, header: Header, delimiter: str | None, notes: dict[str, Any]) -> None:
        self._header = header
        self._delimiter = delimiter
        self._notes = notes
        # One position more than is wanted, since of a single one no tuple would come.
        self._pick = itemgetter(*header.positions, header.positions[0])
        self._count = len(header.positions)
        self._in_order = header.positions == tuple(range(header.width))
        self._number = 0
        self._held: list[Record | Broken] = []

    def pieces(self, parts: Iterable[Part]) -> Iterator[Ready | list[Row]]:
        """Give the rows in pieces, in their order; the notes are complete at the end."""
        rows: list[Row] = []
        for part in parts:
            if isinstance(part, PlainLines | Records):
                if rows:
                    yield rows
                    rows = []
                yield from self._of_many(part)
                continue
            rows += self._of_record(part)
            if len(rows) >= BATCH_ROWS:
                yield rows
                rows = []
        if rows:
            yield rows
        if self._held:
            self._notes["total_lines"] = len(self._held)

    def _of_many(self, part: PlainLines | Records) -> Iterator[Ready | list[Row]]:
        """Give what needs no closer look as ready lines, and the others as rows."""
        ready: list[str] = []
        if isinstance(part, PlainLines):
            lines = self._ready_lines(part, self._delimiter or ",")
        else:
            lines = self._ready_records(part)
        for line in lines:
            if isinstance(line, str):
                if self._held:
                    yield self._released()
                ready.append(line)
                continue
            if ready:
                yield self._ready(ready)
                ready = []
            if rows := self._of_record(line):
                yield rows
        if ready:
            yield self._ready(ready)

    def _ready_lines(self, part: PlainLines, delimiter: str) -> Iterator[str | Record]:
        """Give lines that can be passed on as they are, or nearly; of others the cells."""
        delimiters = self._header.width - 1
        as_it_is = part.is_trimmed and self._in_order and delimiter == ","
        for line in part.lines:
            if line.count(delimiter) == delimiters and (line[:1].isdigit() or _is_no_total(line)):
                if as_it_is:
                    yield line
                    continue
                if delimiter == "," or "," not in line:
                    yield ",".join(self._values(line.split(delimiter), part.is_trimmed))
                    continue
            yield line.split(delimiter)

    def _ready_records(self, part: Records) -> Iterator[str | Record]:
        """Give records that need no quotes as lines."""
        width, commas = self._header.width, self._count - 1
        for record in part.records:
            if len(record) == width and record[0][:1].isdigit():
                line = ",".join(self._values(record, part.is_trimmed))
                if line.count(",") == commas and '"' not in line and not _holds_line_end(line):
                    yield line
                    continue
            yield record

    def _ready(self, lines: list[str]) -> Ready:
        first = self._number + 1
        self._number += len(lines)
        return Ready(first, lines)

    def _values(self, record: Record, is_trimmed: bool = False) -> Sequence[str]:
        """Give the declared cells of a record, trimmed."""
        values: tuple[str, ...] = self._pick(record)[: self._count]
        if any(record[place].strip() for place in self._header.nameless):
            self._count_up("rows_with_cells_beside_the_columns")
        if is_trimmed:
            return values
        trimmed = [value.strip() for value in values]
        if any(map(str.__ne__, trimmed, values)):
            self._count_up("rows_trimmed")
        return trimmed

    def _count_up(self, note: str) -> None:
        self._notes[note] = self._notes.get(note, 0) + 1

    def _of_record(self, record: Record | Broken) -> list[Row]:
        """Make a record's row, leaving out blank lines, and lines of totals when no row follows."""
        cells = record.cells if isinstance(record, Broken) else record
        is_cut = isinstance(record, Broken) and not record.is_whole
        # A row that begins with a digit is neither; most rows do.
        if not (is_cut or (cells and cells[0][:1].isdigit())):
            first = next((cell for cell in cells if cell and not cell.isspace()), None)
            if first is None:
                self._count_up("blank_lines")
                return []
            if len(self._held) < TOTAL_LINES and _TOTAL.match(first) and _is_total(cells):
                self._held.append(record)
                return []
        return [*self._released(), self._row(record)] if self._held else [self._row(record)]

    def _released(self) -> list[Row]:
        """Make rows of what was held for lines of totals: rows follow, so it is judged as one."""
        rows = [self._row(record) for record in self._held]
        self._held.clear()
        return rows

    def _row(self, record: Record | Broken) -> Row:
        self._number += 1
        if isinstance(record, Broken):
            cells = record.cells if record.is_whole else record.cells[:-1]
            return self._faulty(cells, record.reason, record.kept)
        if self._delimiter is not None and len(record) != self._header.width:
            reason = f"the row has {len(record)} cells where the header has {self._header.width}"
            return self._faulty(record[:-1], reason, record)
        return [self._number, None, None, *self._values(record)]

    def _faulty(self, cells: Record, reason: str, kept: list[str]) -> Row:
        """Give a broken row with those of its cells that can be relied upon.

        They serve one thing: to tell which record the row was about, so that a full delivery does
        not count it as vanished.
        """
        readable = [
            cells[position].strip() if position < len(cells) else None
            for position in self._header.positions
        ]
        return [self._number, reason, json.dumps(kept), *readable]


def _holds_line_end(text: str) -> bool:
    return "\n" in text or "\r" in text


def _is_no_total(line: str) -> bool:
    """Tell whether a line is certainly neither blank nor one of totals."""
    return line[:1].isalnum() and _TOTAL.match(line) is None


def _is_total(record: Record) -> bool:
    """Tell whether a row that starts with a word for totals holds nothing but figures beside it."""
    texts = [cell.strip() for cell in record if cell.strip()]
    return len(texts) <= TOTAL_LINES and all(_FIGURE.fullmatch(text) for text in texts[1:])
