"""Make the Excel workbook of a publication."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from oic_assurance.publishing.publication import ROLE
from oic_assurance.reporting.pack.facts import Facts, rows_of_publication
from oic_assurance.reporting.workbook.description import Sheet, how_to_use, queries, sheets
from oic_assurance.reporting.workbook.sheets import Book
from oic_assurance.settings import Settings
from oic_assurance.storage.reports import share
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.folders import private_folder, replacing
from oic_assurance.warehouse.processing_log import enter, publication_mark

FOLDER = Path("reports") / "workbook"


@dataclass(frozen=True)
class Workbook:
    """A workbook that was made."""

    file: Path
    publication_id: int


def make_workbook(settings: Settings, publication_id: int | None = None) -> Workbook:
    """Make the workbook of a publication. The default is the current publication.

    The workbook is logged as a disclosure.

    Raises:
        AssuranceError: Nothing has been published, there is no such publication, its tables are not
            kept, or this version has published nothing yet.
    """
    described = sheets(settings.project_root)
    texts = queries(settings.project_root, described)
    number, rows = rows_of_publication(settings, publication_id, texts)
    content = workbook(described, how_to_use(settings.project_root), rows, number)
    folder = private_folder(settings, settings.home / FOLDER)
    target = folder / f"assurance-workbook-of-publication-{number}.xlsx"
    with replacing(target) as draft:
        draft.write_bytes(content)
    share(settings, target)
    with connect(settings, role=ROLE) as conn:
        enter(
            conn,
            "disclosure",
            f"{target.name} of publication {number}",
            to_whom="the holder of the workbook",
            because="so that its figures can be analysed in Excel",
            concerns=[publication_mark(number)],
        )
    return Workbook(target, number)


def workbook(
    described: list[Sheet], how: Mapping[str, Sequence[str]], rows: Facts, number: int
) -> bytes:
    """Return the workbook as an XLSX file. The same data always give the same bytes.

    `how` has the sentences of the first sheet.
    """
    book = Book(rows, number)
    book.first_sheet(how)
    for sheet in described:
        book.table_sheet(sheet)
    return book.close()
