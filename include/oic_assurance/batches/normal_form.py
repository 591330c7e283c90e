"""Read the rows of an archived file, and archive the rows that remain after an erasure.

An archived file has the bytes that were delivered, until a row must be erased from it. Then it is
replaced by its remaining rows in the normal form: for each table, one line with a JSON object that
names the table and its columns, and below it one line for each row with a JSON array. The array
has the row number of the delivery, the fault, the original cells of a broken row, and the values
of the declared columns, as landing reads them. Nothing else of the delivered file remains.

Files from which rows were erased by an earlier version of this program are different: their rows
were cut out, and `audit.batch_erasure` has the numbers of the rows (the gaps).
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice

from oic_assurance.batches.archive_reader import (
    ArchivedBatch,
    UnreadableError,
    number_around_gaps,
)
from oic_assurance.batches.archive_writer import ArchiveWriter
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.sources.files.dropped import Content
from oic_assurance.sources.files.rows import BATCH_ROWS, Row, as_rows
from oic_assurance.sources.files.tabular import Reading, read_tables

FORMAT = "oic-assurance rows 1"
_line = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def read_archived(batch: ArchivedBatch, content: Content, dataset: Dataset) -> list[Reading]:
    """Return the tables of an archived file. Each row has its number in the delivery.

    Raises:
        DeliveryRefused: The delivered file cannot be read under the present declaration.
        UnreadableError: The file should be in the normal form, and is not.
    """
    if batch.is_replaced:
        content.stream.seek(0)
        if not content.stream.readline().startswith(_line({"format": FORMAT})[:-1].encode()):
            raise UnreadableError(
                f"the archived file {batch.archived_as} has not been replaced by its remaining "
                "rows, although rows were erased from it. `assurance erase finish` completes an "
                "interrupted erasure"
            )
        return [Reading(one, _pieces(_remaining(content, one))) for one in dataset.tables]
    readings = read_tables(content, dataset, batch.totals)
    for reading in readings:
        if gaps := batch.gaps_of(reading.table.name):
            reading.pieces = _pieces(number_around_gaps(reading.rows, gaps))
    return readings


def write_remaining(
    writer: ArchiveWriter,
    dataset: Dataset,
    place: str,
    readings: Iterable[Reading],
    erased: Mapping[str, Collection[int]],
    replaces: str,
) -> None:
    """Write the rows of a delivered file in the normal form, without the erased rows.

    `place` is the name of the delivered file. `erased` has the row numbers by table, and `replaces`
    is the SHA-256 of the content from which the rows were erased.
    """
    for reading in readings:
        gone = set(erased.get(reading.table.name, ()))
        header = {
            "format": FORMAT,
            "dataset": dataset.name,
            "place": place,
            "replaced_by_an_erasure": replaces,
            "table": reading.table.name,
            "columns": list(reading.table.names),
        }
        writer.write(f"{_line(header)}\n".encode())
        for piece in reading.pieces:
            lines = [f"{_line(row)}\n" for row in as_rows([piece]) if row[0] not in gone]
            writer.write("".join(lines).encode())


def _remaining(content: Content, table: Table) -> Iterator[Row]:
    """Yield the rows of a table.

    A column that was declared after the erasure is blank, and one that is not declared any more is
    left out.
    """
    content.stream.seek(0)
    is_wanted, places = False, list[int | None]()
    for line in content.stream:
        found = json.loads(line)
        if isinstance(found, dict):
            is_wanted, names = found["table"] == table.name, found["columns"]
            places = [names.index(name) if name in names else None for name in table.names]
        elif is_wanted:
            number, fault, cells, *values = found
            picked = [None if place is None else values[place] for place in places]
            yield [number, fault, cells, *picked]


def _pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rows = iter(rows)
    while piece := list(islice(rows, BATCH_ROWS)):
        yield piece
