"""Make the Excel workbook of a publication."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from oic_assurance.publishing.publication import ROLE, current_publication
from oic_assurance.reporting.pack.facts import Facts, rows_of_publication
from oic_assurance.reporting.workbook.description import SHOWN, Sheet, how_to_use, queries, sheets
from oic_assurance.reporting.workbook.package import close_package, open_package
from oic_assurance.reporting.workbook.pivot_parts import SheetPivot, add_pivots
from oic_assurance.reporting.workbook.pivots import compute
from oic_assurance.reporting.workbook.query_parts import Query, add_queries
from oic_assurance.reporting.workbook.sheets import Book
from oic_assurance.settings import Settings
from oic_assurance.storage.reports import share
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.folders import private_folder, replacing
from oic_assurance.warehouse.processing_log import enter, publication_mark

FOLDER = Path("reports") / "workbook"
#: The data source that `docs/bi/excel.md` says to make, and the readers' login. Excel asks for the
#: password.
SOURCE = "DSN=oic-assurance;UID=bi_reader"


@dataclass(frozen=True)
class Workbook:
    """A workbook that was made.

    `can_be_refreshed` is False for a publication that is not the current one: a refresh reads the
    current one.
    """

    file: Path
    publication_id: int
    can_be_refreshed: bool


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
    current = current_publication(settings)
    is_current = current is not None and current.publication_id == number
    how = how_to_use(settings.project_root)
    content = workbook(described, how, rows, number, texts if is_current else None)
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
    return Workbook(target, number, is_current)


def workbook(
    described: list[Sheet],
    how: Mapping[str, Sequence[str]],
    rows: Facts,
    number: int,
    texts: dict[str, str] | None,
) -> bytes:
    """Return the workbook as an XLSX file. The same data always give the same bytes.

    `how` has the sentences of the first sheet. `texts` are the queries by which Excel refreshes the
    tables. Without them it cannot.
    """
    as_at: datetime = rows[SHOWN][0]["As at"]
    book = Book(rows, number, as_at, refreshes=texts is not None)
    book.first_sheet([one.table for one in described if one.table], how)
    columns = {one.table: one.columns for one in described if one.table}
    pivots = []
    for place, sheet in enumerate(described, start=2):
        if sheet.pivot is None:
            book.table_sheet(sheet)
            continue
        found = rows[sheet.pivot.table]
        computed = compute(sheet.pivot, found) if found else None
        book.pivot_sheet(sheet, computed)
        if computed is not None:
            pivots.append(SheetPivot(place, computed, columns[sheet.pivot.table], found))
    package = open_package(book.close())
    if pivots:
        add_pivots(package, pivots)
    if texts is not None:
        asked = [
            Query(place, name, texts[name]) for place, name in enumerate(book.written, start=1)
        ]
        add_queries(package, asked, SOURCE)
    return close_package(package)
