"""Read a delivered file as rows of text.

Landing copies the rows into the warehouse and checks them there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.sources.files import delimited
from oic_assurance.sources.files.delimited import Part
from oic_assurance.sources.files.dropped import Content
from oic_assurance.sources.files.encoding import detect_encoding
from oic_assurance.sources.files.header import SAMPLE_ROWS, Header, find_header
from oic_assurance.sources.files.rows import Piece, Row, RowMaker, as_copy_text, as_rows
from oic_assurance.sources.files.workbook import Workbook

#: The largest number of column or sheet names that one note lists.
MOST_NAMES = 20

__all__ = ["Reading", "Row", "read_tables"]


@dataclass
class Reading:
    """One table of a delivery: its rows, and the normalisation notes.

    The rows can be read only once, either with `rows` or, much faster, with `copy_text`. When all
    rows have been read, the notes are complete.
    """

    table: Table
    pieces: Iterator[Piece]
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> Iterator[Row]:
        """The rows, one by one."""
        return as_rows(self.pieces)

    def copy_text(self) -> Iterator[str]:
        """Yield the rows as text for `COPY stage (row_number, fault, cells, …) (csv)`."""
        return as_copy_text(self.pieces)


def read_tables(
    content: Content, dataset: Dataset, totals: Mapping[str, int] | None = None
) -> list[Reading]:
    """Open a file of a dataset, and return its tables in the order of the declaration.

    `totals` is given for an archived file: the number of total lines in each table, as counted when
    the file was landed. If rows of the file have been erased since then, the figures of its total
    lines no longer add up. So the total lines could not be recognised without this number.

    Raises:
        DeliveryRefused: The file cannot be read as this dataset. The message does not name the
            file. Reading the rows of a table can raise this error too.
    """
    if content.size_bytes == 0:
        raise DeliveryRefused("it is empty (0 bytes)")
    if dataset.is_workbook:
        return _read_workbook(content, dataset, totals)
    return [_read_delimited(content, dataset, totals)]


def _read_delimited(
    content: Content, dataset: Dataset, totals: Mapping[str, int] | None
) -> Reading:
    table = dataset.tables[0]
    encoding = detect_encoding(content.stream)
    samples = delimited.samples(content.stream, encoding)
    number, header = find_header([sample.records for sample in samples], table, dataset)
    sample = samples[number]
    notes = _header_notes(header)
    if encoding.name != "utf-8":
        notes["encoding"] = encoding.name
    if sample.delimiter != ",":
        notes["delimiter"] = sample.delimiter
    if not delimited.ends_with_newline(content.stream, encoding):
        notes["last_line"] = "without a line end"

    def read(found: dict[str, Any]) -> Iterator[Part]:
        return delimited.read_rows(content.stream, encoding, sample, header.index, found)

    maker = RowMaker(header, sample.delimiter, notes, lambda: read({}), _totals_of(table, totals))
    return Reading(table, maker.pieces(read(notes)), notes)


def _read_workbook(
    content: Content, dataset: Dataset, totals: Mapping[str, int] | None
) -> list[Reading]:
    book = Workbook(content.stream, dataset)
    readings = []
    for table in dataset.tables:
        sheet = table.sheet or ""
        try:
            _, header = find_header([book.first_rows(sheet, SAMPLE_ROWS)], table, dataset)
        except DeliveryRefused as error:
            raise DeliveryRefused(f"sheet {sheet}: {error.message}") from error
        notes = _header_notes(header) | book.notes(sheet)
        read = partial(book.rows, sheet, header, table)
        maker = RowMaker(header, None, notes, read, _totals_of(table, totals))
        readings.append(Reading(table, maker.pieces(read()), notes))
    if book.other_sheets:
        readings[0].notes["sheets_kept_out"] = _some(book.other_sheets)
    return readings


def _totals_of(table: Table, totals: Mapping[str, int] | None) -> int | None:
    """Return the number of total lines of a table, or None if it is not known yet."""
    return None if totals is None else totals.get(table.name, 0)


def _header_notes(header: Header) -> dict[str, Any]:
    notes: dict[str, Any] = {}
    if header.index:
        notes["lines_above_header"] = header.index
    if header.extra:
        notes["columns_kept_out"] = _some(header.extra)
    if header.is_reordered:
        notes["columns_reordered"] = True
    if header.spelled:
        notes["columns_spelled"] = header.spelled
    return notes


def _some(names: Sequence[str]) -> list[str]:
    """Return at most `MOST_NAMES` of the names, for a note.

    If there are more names, the last item of the result says how many are left out.
    """
    more = len(names) - MOST_NAMES
    return [*names[:MOST_NAMES], *([f"and {more} more"] if more > 0 else [])]
