"""Files of rejected rows: written for somebody to correct, and read back.

A file has the declared columns, `rejected_id`, and for whoever corrects it the reasons. Cells that
come back as they were given out were not touched: the value stays exactly as it came, whatever a
file of texts can show of it.
"""

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from oic_assurance.errors import AssuranceError, DeliveryRefused
from oic_assurance.sources.declarations.model import Column, Dataset, FilePlace, Table
from oic_assurance.sources.files.dropped import Content
from oic_assurance.sources.files.tabular import Reading, Row, read_tables

REJECTED_ID = "rejected_id"
REASONS = "reasons"
AS_IT_CAME = "as_it_came"
#: What a spreadsheet would take for a formula, but not a number with its sign.
_FORMULA = re.compile(r"[=+\-@\t\r](?![\d.,]*$)")
_ID = re.compile(r"\d{1,18}", re.ASCII)


@dataclass(frozen=True)
class Correction:
    """One row of a file of corrected rows: its place there, the row it corrects, its cells."""

    place: int
    rejected_id: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class CorrectedFile:
    """A file of corrected rows of one table."""

    name: str
    sha256: str
    table: Table
    rows: tuple[Correction, ...]


class RowWriter(Protocol):
    """Writes the rows of a file."""

    def writerow(self, row: Iterable[Any], /) -> Any:
        """Write a row of cells."""


def shown(value: str | None) -> str:
    """Return a value as a cell shows it: never as a formula that a spreadsheet would run."""
    text = (value or "").strip()
    return f"'{text}" if _FORMULA.match(text) else text


def corrected(column: Column, original: str | None, cell: str) -> str | None:
    """Return what a cell says now: the original where the cell still shows that."""
    if cell == shown(original):
        return original
    if cell == "" or (column.type != "text" and not cell.strip()):
        return None
    return cell


@contextmanager
def new_file(path: Path) -> Iterator[RowWriter]:
    """Give a writer of a file that its owner alone can read; nothing stays of it when that fails.

    Raises `AssuranceError` where a file is there already: somebody may have corrected rows in it.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise AssuranceError(
            f"{path} is there already and may hold corrections: name another file."
        ) from error
    except OSError as error:
        raise AssuranceError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        # With the mark that tells Excel the encoding.
        with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
            yield csv.writer(file)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise AssuranceError(f"{path} cannot be written: {error.strerror}.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def one_line(cells: list[str]) -> str:
    """Return the cells of a row that could not be taken apart as the line that they were."""
    if len(cells) == 1:
        return cells[0]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def read_corrected(dataset: Dataset, path: Path) -> CorrectedFile:
    """Read a file of corrected rows, in any form that a delivered file may have.

    Raises `AssuranceError` with file, row and reason when it is not one, or not of the dataset.
    """
    try:
        with path.open("rb") as stream:
            content = _content(stream)
            reading = _reading(content, dataset, path)
            rows = tuple(_corrections(list(reading.rows), path))
    except OSError as error:
        raise AssuranceError(f"{path} cannot be read: {error.strerror}.") from error
    if not rows:
        raise AssuranceError(f"{path.name}: it has no rows: there is nothing to replay.")
    table = next(table for table in dataset.tables if table.name == reading.table.name)
    return CorrectedFile(path.name, content.sha256, table, rows)


def _content(stream: io.BufferedReader) -> Content:
    digest = hashlib.file_digest(stream, "sha256")
    return Content(stream, stream.tell(), digest.hexdigest())


def _reading(content: Content, dataset: Dataset, path: Path) -> Reading:
    """Find the table whose columns the file has, and `rejected_id` with them."""
    problems = []
    for table in dataset.tables:
        wanted = replace(
            table,
            columns=(Column(REJECTED_ID, "bigint", "The row in quarantine."), *table.columns),
            sheet=None,
        )
        place = FilePlace("", path.name, "csv")
        try:
            return read_tables(content, replace(dataset, place=place, tables=(wanted,)))[0]
        except DeliveryRefused as error:
            of_table = f"as rows of {table.name}: " if len(dataset.tables) > 1 else ""
            problems.append(f"{of_table}{error.message}")
    raise AssuranceError(
        f"{path.name}: {'; '.join(problems)}. Corrected rows of {dataset.name} come in a file such "
        f"as `assurance quarantine export {dataset.name} --to FILE` writes, saved as CSV."
    )


def _corrections(rows: list[Row], path: Path) -> Iterator[Correction]:
    places: dict[int, int] = {}
    for place, fault, _, given_id, *cells in rows:
        where = f"{path.name}, row {place}"
        if fault:
            raise AssuranceError(f"{where}: {fault}.")
        if not _ID.fullmatch(str(given_id)):
            raise AssuranceError(
                f"{where}: its rejected_id is not a number: each row says which one it corrects."
            )
        rejected_id = int(str(given_id))
        if rejected_id in places:
            raise AssuranceError(
                f"{where}: it corrects rejected row {rejected_id}, and so does row "
                f"{places[rejected_id]}: a row is corrected once."
            )
        places[rejected_id] = int(str(place))
        yield Correction(places[rejected_id], rejected_id, tuple(str(c or "") for c in cells))
