"""Turn the records of a file into numbered rows for the warehouse.

Cells are trimmed. Blank lines are left out, and so are total lines at the end of the file. A total
line is not a record: it has, for example, the number of rows or the sum of a column.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import islice
from operator import itemgetter
from typing import Any

from oic_assurance.sources.files.delimited import NUL, Broken, Part, PlainLines, Records
from oic_assurance.sources.files.header import Header, Record

#: A row for the warehouse, as a list. Its parts in order:
#: - the row number, counted from 1
#: - the fault, or None for a good row
#: - the original cells as JSON, or None for a good row
#: - the values, in the order of the declaration
Row = list[str | int | None]

#: The largest number of total lines at the end of a file, and also the largest number of filled
#: cells in a total line.
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
_DATE = re.compile(
    r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}([ T]*\d{1,2}:\d{2}(:\d{2})?)?|\d{1,2}:\d{2}(:\d{2})?"
)
#: Words with which a report says when it was made.
_MADE = re.compile(
    r"\W*(report\s+)?(generated|printed|produced|exported|extracted)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class ReadyLines:
    """Good rows as CSV lines: the declared values, trimmed, with commas and no quotes."""

    #: The number of the first row.
    first: int
    lines: list[str]


Piece = ReadyLines | list[Row]


def ready_line(number: int, line: str) -> str:
    """Return a good row as text for `COPY stage (row_number, fault, cells, …) (csv)`."""
    return f"{number},,,{line}\r\n"


def as_rows(pieces: Iterable[Piece]) -> Iterator[Row]:
    """Yield the rows of all pieces, one by one."""
    for piece in pieces:
        if isinstance(piece, ReadyLines):
            for number, line in enumerate(piece.lines, piece.first):
                yield [number, None, None, *line.split(",")]
        else:
            yield from piece


def as_copy_text(pieces: Iterable[Piece]) -> Iterator[str]:
    """Yield the rows as text for PostgreSQL's COPY in CSV format. COPY reads blank cells as null.

    Each row has its own number. The order in which rows are yielded can differ from the file.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for piece in pieces:
        if isinstance(piece, ReadyLines):
            lines = enumerate(piece.lines, piece.first)
            yield "".join([ready_line(number, line) for number, line in lines])
            continue
        writer.writerows(piece)
        if buffer.tell() > CHUNK_CHARACTERS:
            yield _flushed(buffer)
    yield _flushed(buffer)


def _flushed(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    # A string in PostgreSQL cannot contain NUL. The original cells in JSON keep the NUL, because
    # JSON escapes it.
    return text.replace(NUL, "\N{SYMBOL FOR NULL}")


class RowMaker:
    """Turns the records of one table into rows, and counts blank and total lines in the notes.

    A line that looks like a total line is left out only if its figures are right, or if its other
    cells are blank (source contract, *Files*). Otherwise it is a row. `reread` reads the records
    again. It is called only to add up a column, to check a figure of a total line. `totals` is the
    number of total lines if it is known from an earlier reading. Then no column is added up.

    In a sheet, every row has all cells, and `delimiter` is None. In delimited text, a row with more
    or fewer cells than the header is broken.
    """

    def __init__(
        self,
        header: Header,
        delimiter: str | None,
        notes: dict[str, Any],
        reread: Callable[[], Iterable[Part]],
        totals: int | None = None,
    ) -> None:
        self._header = header
        self._reread = reread
        self._totals = totals
        self._delimiter = delimiter
        self._notes = notes
        # The extra position makes `itemgetter` return a tuple even for a table with one column.
        self._pick = itemgetter(*header.positions, header.positions[0])
        self._count = len(header.positions)
        self._in_order = header.positions == tuple(range(header.width))
        self._number = 0
        #: Lines that look like total lines. If a row follows them, they are rows after all.
        self._possible_totals: list[Record | Broken] = []

    def pieces(self, parts: Iterable[Part]) -> Iterator[Piece]:
        """Yield the rows in the order of the file, in pieces.

        After the last piece, the notes are complete.
        """
        rows: list[Row] = []
        for part in parts:
            if isinstance(part, PlainLines | Records):
                if rows:
                    yield rows
                    rows = []
                yield from self._rows_of_block(part)
                continue
            rows += self._rows_of_record(part)
            if len(rows) >= BATCH_ROWS:
                yield rows
                rows = []
        rows += self._rows_that_are_no_totals()
        if rows:
            yield rows

    def _rows_of_block(self, part: PlainLines | Records) -> Iterator[Piece]:
        """Yield the rows of a block in pieces.

        Rows that need no further test become ready lines. All others become lists of values.
        """
        ready: list[str] = []
        if isinstance(part, PlainLines):
            if part.is_trimmed and self._in_order and self._delimiter == ",":
                yield from self._rows_of_lines(part.lines)
                return
            lines = self._ready_lines(part, self._delimiter or ",")
        else:
            lines = self._ready_records(part)
        for line in lines:
            if isinstance(line, str):
                if self._possible_totals:
                    yield self._take_possible_totals()
                ready.append(line)
                continue
            if ready:
                yield self._ready(ready)
                ready = []
            if rows := self._rows_of_record(line):
                yield rows
        if ready:
            yield self._ready(ready)

    def _rows_of_lines(self, lines: list[str]) -> Iterator[Piece]:
        """Yield the rows of lines in pieces. The lines are as they must be in a CSV line.

        A line with the right number of cells that is certainly not a total line is ready.
        """
        commas = self._header.width - 1
        others = [
            place
            for place, line in enumerate(lines)
            if line.count(",") != commas or not (line[:1].isdigit() or _cannot_be_total(line))
        ]
        start = 0
        for place in (*others, len(lines)):
            if ready := lines[start:place]:
                if self._possible_totals:
                    yield self._take_possible_totals()
                yield self._ready(ready)
            if place < len(lines) and (rows := self._rows_of_record(lines[place].split(","))):
                yield rows
            start = place + 1

    def _ready_lines(self, part: PlainLines, delimiter: str) -> Iterator[str | Record]:
        """Yield each line either as a CSV line with the declared columns, or as its cells.

        A line becomes a CSV line if it has the right number of cells, is certainly not a total
        line, and has no value that needs quotes in CSV.
        """
        delimiters = self._header.width - 1
        for line in part.lines:
            if (
                line.count(delimiter) == delimiters
                and (line[:1].isdigit() or _cannot_be_total(line))
                and (delimiter == "," or "," not in line)
            ):
                yield ",".join(self._values(line.split(delimiter), part.is_trimmed))
            else:
                yield line.split(delimiter)

    def _ready_records(self, part: Records) -> Iterator[str | Record]:
        """Yield each record either as a CSV line with the declared columns, or as its cells.

        A record becomes a CSV line if it has the right number of cells, is certainly not a total
        line, and has no value that needs quotes in CSV.
        """
        width, commas = self._header.width, self._count - 1
        for record in part.records:
            if len(record) == width and record[0][:1].isdigit():
                line = ",".join(self._values(record, part.is_trimmed))
                if line.count(",") == commas and '"' not in line and not _holds_line_end(line):
                    yield line
                    continue
            yield record

    def _ready(self, lines: list[str]) -> ReadyLines:
        first = self._number + 1
        self._number += len(lines)
        return ReadyLines(first, lines)

    def _values(self, record: Record, is_trimmed: bool = False) -> Sequence[str]:
        """Return the cells of the declared columns of a record, trimmed."""
        values: tuple[str, ...] = self._pick(record)[: self._count]
        if any(record[place].strip() for place in self._header.nameless):
            self._count_note("rows_with_cells_beside_the_columns")
        if is_trimmed:
            return values
        trimmed = [value.strip() for value in values]
        if any(map(str.__ne__, trimmed, values)):
            self._count_note("rows_trimmed")
        return trimmed

    def _count_note(self, note: str) -> None:
        self._notes[note] = self._notes.get(note, 0) + 1

    def _rows_of_record(self, record: Record | Broken) -> list[Row]:
        """Return the rows that are known to be rows after this record has been read.

        Normally the result is the row of this record. It is empty if the record is a blank line or
        a possible total line. If the record shows that earlier possible total lines are rows, the
        result contains these rows too.
        """
        cells = record.cells if isinstance(record, Broken) else record
        is_cut = isinstance(record, Broken) and not record.is_whole
        # Most rows begin with a digit. Such a row is neither a blank line nor a total line, so the
        # slower tests are not needed.
        if not (is_cut or (cells and cells[0][:1].isdigit())):
            first = next((cell for cell in cells if cell and not cell.isspace()), None)
            if first is None:
                self._count_note("blank_lines")
                return []
            if (
                len(self._possible_totals) < TOTAL_LINES
                and _TOTAL.match(first)
                and _is_total(cells)
            ):
                self._possible_totals.append(record)
                return []
        if self._possible_totals:
            return [*self._take_possible_totals(), self._row(record)]
        return [self._row(record)]

    def _rows_that_are_no_totals(self) -> list[Row]:
        """Return as rows the possible total lines at the end of the file that are no total lines.

        These are the lines whose figures do not add up. The other lines are counted in the notes.
        """
        possible, self._possible_totals = self._possible_totals, []
        if self._totals is None:
            number = self._number
            totals = [record for record in possible if self._adds_up(record, number)]
        else:
            totals = possible[len(possible) - self._totals :] if self._totals else []
        if totals:
            self._notes["total_lines"] = len(totals)
        return [self._row(record) for record in possible if record not in totals]

    def _adds_up(self, total: Record | Broken, rows: int) -> bool:
        """Tell whether each figure of a total line is the number of rows, or the sum of its column.

        `rows` is the number of rows above the total lines.
        """
        cells = total.cells if isinstance(total, Broken) else total
        filled = [(place, cell.strip()) for place, cell in enumerate(cells) if cell.strip()]
        made = _MADE.match(filled[0][1])
        for place, cell in filled[1:]:
            if made and _DATE.fullmatch(cell):
                continue
            figure = _number(cell)
            if figure is None:
                return False
            if figure != rows and figure != self._sum_of_column(place, rows):
                return False
        return True

    def _sum_of_column(self, place: int, rows: int) -> Decimal:
        """Return the sum of the numbers in a column of the first rows of the table."""
        total = Decimal(0)
        records = (cells for part in self._reread() for cells in self._cells(part))
        filled = (cells for cells in records if any(cell.strip() for cell in cells))
        for cells in islice(filled, rows):
            total += (_number(cells[place]) if place < len(cells) else None) or 0
        return total

    def _cells(self, part: Part) -> Iterator[Record]:
        """Yield the cells of every record of a part."""
        if isinstance(part, PlainLines):
            yield from (line.split(self._delimiter or ",") for line in part.lines)
        elif isinstance(part, Records):
            yield from part.records
        else:
            yield part.cells if isinstance(part, Broken) else part

    def _take_possible_totals(self) -> list[Row]:
        """Return the possible total lines as rows. Call this when a row follows them."""
        rows = [self._row(record) for record in self._possible_totals]
        self._possible_totals.clear()
        return rows

    def _row(self, record: Record | Broken) -> Row:
        self._number += 1
        if isinstance(record, Broken):
            cells = record.cells if record.is_whole else record.cells[:-1]
            return self._broken_row(cells, record.reason, record.original)
        if self._delimiter is not None and len(record) != self._header.width:
            reason = f"the row has {len(record)} cells where the header has {self._header.width}"
            return self._broken_row(record[:-1], reason, record)
        return [self._number, None, None, *self._values(record)]

    def _broken_row(self, cells: Record, reason: str, original: list[str]) -> Row:
        """Return a broken row, with those of its cells that can be trusted.

        The cells are not landed. But they can contain the key of the record, and then the record
        counts as listed by a full delivery.
        """
        readable = [
            cells[position].strip() if position < len(cells) else None
            for position in self._header.positions
        ]
        return [self._number, reason, json.dumps(original), *readable]


def _number(text: str) -> Decimal | None:
    """Return the number that a cell shows. Commas group thousands. None if it is no number."""
    try:
        number = Decimal(text.strip().replace(",", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _holds_line_end(text: str) -> bool:
    return "\n" in text or "\r" in text


def _cannot_be_total(line: str) -> bool:
    """Tell whether a line is certainly neither a blank line nor a total line."""
    return line[:1].isalnum() and _TOTAL.match(line) is None


def _is_total(record: Record) -> bool:
    """Tell whether a row looks like a total line. Its first filled cell is a word for totals.

    In a total line, the other filled cells are figures, and there are few of them.
    """
    texts = [cell.strip() for cell in record if cell.strip()]
    return len(texts) <= TOTAL_LINES and all(_FIGURE.fullmatch(text) for text in texts[1:])
