"""Write rejected rows to a CSV file for somebody to correct, and read the corrected file.

The file has the declared columns, `rejected_id` and the reasons. If a cell of the corrected file
still has the exported text, nobody has corrected the value. The value then stays exactly as it was
delivered, even if the exported text differs from it, for example because of lost spaces.
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
#: Text that a spreadsheet would run as a formula. A number with a sign is not a formula.
_FORMULA = re.compile(r"[=+\-@\t\r](?![\d.,]*$)")
_ID = re.compile(r"\d{1,18}", re.ASCII)


@dataclass(frozen=True)
class Correction:
    """One row of a corrected file: its row number, the ID of the rejected row, and its cells."""

    row_number: int
    rejected_id: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class CorrectedFile:
    """A file with corrected rows of one table."""

    name: str
    sha256: str
    table: Table
    rows: tuple[Correction, ...]


class RowWriter(Protocol):
    """A writer that writes rows of cells to a file."""

    def writerow(self, row: Iterable[Any], /) -> Any:
        """Write a row of cells."""


def shown(value: str | None) -> str:
    """Return the text that a cell shows for a value.

    Text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    text = (value or "").strip()
    return f"'{text}" if _FORMULA.match(text) else text


def corrected(column: Column, original: str | None, cell: str) -> str | None:
    """Return the value that a cell of a corrected file stands for.

    If the cell was not changed, this is the original value. A blank cell means None, except that
    spaces in a text column stay spaces.
    """
    if cell == shown(original):
        return original
    if cell == "" or (column.type != "text" and not cell.strip()):
        return None
    return cell


@contextmanager
def new_file(path: Path) -> Iterator[RowWriter]:
    """Yield a writer of a CSV file that only its owner can read. After an error, no file remains.

    Raises:
        AssuranceError: The file exists, perhaps with corrections, or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise AssuranceError(
            f"{path} exists already and may hold corrections: name another file."
        ) from error
    except OSError as error:
        raise AssuranceError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        # Excel recognises the encoding by the byte-order mark.
        with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
            yield csv.writer(file)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise AssuranceError(f"{path} cannot be written: {error.strerror}.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def one_line(cells: list[str]) -> str:
    """Return, as one line, the text of a row that could not be split into the declared cells."""
    if len(cells) == 1:
        return cells[0]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def read_corrected(dataset: Dataset, path: Path) -> CorrectedFile:
    """Read a file of corrected rows, which may have any format that a delivered file may have.

    Raises:
        AssuranceError: The file cannot be read, has no rows, does not have the columns of a table
            of the dataset, or corrects a row twice. The message names the file and the row.
    """
    try:
        with path.open("rb") as stream:
            content = _content(stream)
            reading = _reading(content, dataset, path)
            rows = tuple(_corrections(list(reading.rows), path))
    except OSError as error:
        raise AssuranceError(f"{path} cannot be read: {error.strerror}.") from error
    if not rows:
        raise AssuranceError(f"{path.name} has no rows, so there is nothing to replay.")
    table = next(table for table in dataset.tables if table.name == reading.table.name)
    return CorrectedFile(path.name, content.sha256, table, rows)


def _content(stream: io.BufferedReader) -> Content:
    digest = hashlib.file_digest(stream, "sha256")
    return Content(stream, stream.tell(), digest.hexdigest())


def _reading(content: Content, dataset: Dataset, path: Path) -> Reading:
    """Read the file as rows of the table whose columns the file has, apart from `rejected_id`."""
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
        f"{path.name}: {'; '.join(problems)}. Use a file that `assurance quarantine export "
        f"{dataset.name} --to FILE` has written, saved as CSV."
    )


def _corrections(rows: list[Row], path: Path) -> Iterator[Correction]:
    row_numbers: dict[int, int] = {}
    for row_number, fault, _, given_id, *cells in rows:
        where = f"{path.name}, row {row_number}"
        if fault:
            raise AssuranceError(f"{where}: {fault}.")
        if not _ID.fullmatch(str(given_id)):
            raise AssuranceError(
                f"{where}: its rejected_id is not a number: restore the one that was exported."
            )
        rejected_id = int(str(given_id))
        if rejected_id in row_numbers:
            raise AssuranceError(
                f"{where}: it corrects rejected row {rejected_id}, and so does row "
                f"{row_numbers[rejected_id]}: leave one of them out."
            )
        row_numbers[rejected_id] = int(str(row_number))
        yield Correction(row_numbers[rejected_id], rejected_id, tuple(str(c or "") for c in cells))
