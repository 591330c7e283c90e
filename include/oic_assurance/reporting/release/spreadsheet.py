"""Write the tables of a release as an accessible spreadsheet, with gptables.

The library is the Government Analysis Function's. It gives each sheet its title in A1 and one table
that is marked up as a table, makes the table of contents and the notes, merges no cells, and adds
no filters. This module says which tables there are, and how a value looks.
"""

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from oic_assurance.formats import moment
from oic_assurance.publishing.releases import ReleaseContent, Row
from oic_assurance.reporting.release import quality, wording
from oic_assurance.reporting.release.code_lists import code_lists
from oic_assurance.reporting.release.table import Column, Table
from oic_assurance.reporting.release.values import MEANINGS

if TYPE_CHECKING:
    from gptables import GPTable

#: The sheets of the tables with figures, keyed by the names of the tables.
SHEETS = {
    "assurance_position": "Points",
    "assurance_period": "Periods",
    "assurance_measure": "Months and districts",
    "assurance_revision": "Revisions",
}
_CODES, _CONTENTS, _NOTES = "Codes", "Contents", "Notes"
#: The widths of columns in characters: of long texts, and of kinds of values. The library measures
#: a value before it is formatted, and would make a long text one line.
_WIDEST = 90
_WIDTHS = {"share": 15, "count": 12, "whole": 15, "date": 19, "moment": 25, "text": 70}
_FORMATS = {
    "count": "#,##0",
    "whole": "0",
    "share": "0.0%",
    "date": "d mmmm yyyy",
    "moment": "d mmmm yyyy hh:mm",
}
#: Text stays text: nothing that looks like a formula, an address or a number becomes one.
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def spreadsheet_name(content: ReleaseContent) -> str:
    """Return the name of the spreadsheet, with the day of the release."""
    return f"assurance_figures_{wording.released_on(content).isoformat()}.xlsx"


def spreadsheet(tables: Sequence[Table], content: ReleaseContent) -> bytes:
    """Return the spreadsheet as an XLSX file. The same content always gives the same bytes."""
    # Importing the library takes a third of a second, and only a release needs it.
    from gptables import produce_workbook

    sheets = {SHEETS[one.name]: _sheet(one) for one in tables if one.name in SHEETS}
    sheets[_CODES] = _codes(content)
    file = io.BytesIO()
    with warnings.catch_warnings():
        # The library warns that no column refers to the notes on methods and quality, and pandas
        # warns that the library uses it in a way that pandas 4 will not know.
        warnings.simplefilter("ignore")
        book = produce_workbook(
            file,
            sheets,
            cover=_cover(content),
            contentsheet_label=_CONTENTS,
            notes_table=_notes(content),
            notesheet_label=_NOTES,
            workbook_options=_OPTIONS,
        )
    for table in tables:
        if table.name in SHEETS:
            _set_widths(book.get_worksheet_by_name(SHEETS[table.name]), table)
    book.get_worksheet_by_name(_CODES).set_column(2, 2, _WIDEST)
    book.get_worksheet_by_name(_NOTES).set_column(1, 1, _WIDEST)
    for sheet in book.worksheets():
        # On paper: A4, and no table is cut in width.
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        if sheet.get_name() in sheets:
            sheet.set_landscape()
    book.set_properties(
        {
            "title": f"{wording.TITLE}, release {content.release_id}",
            "author": wording.entry(content.notes["publisher"], "publisher"),
            "comments": wording.DESCRIPTION,
            "language": "en-GB",
            # Without this entry, the file would contain the time at which it is written, and the
            # same content would not give the same bytes.
            "created": content.made_at.replace(tzinfo=None, microsecond=0),
        }
    )
    book.close()
    return file.getvalue()


def _sheet(table: Table) -> "GPTable":
    """Return a sheet with a table. A marker stands in the cell whose value is missing."""
    columns = [column for column in table.columns if column.kind != "marker"]
    rows = [[_value(column, row) for column in columns] for row in table.rows]
    shown = sorted({cell for row in rows for cell in row if cell in MEANINGS})
    about = ["This worksheet contains one table.", table.description]
    if not rows:
        rows, shown = [["[x]"] * len(columns)], ["[x]"]
        about.append("The table has no figures in this release.")
    formats = [
        {
            "column": {
                "columns": [place],
                "format": {"num_format": _FORMATS[column.kind], "align": "right"},
                "include_names": True,
            }
        }
        for place, column in enumerate(columns)
        if column.kind in _FORMATS
    ]
    notes = {
        place: f"$${_NOTED[column.name]}$$"
        for place, column in enumerate(columns)
        if column.name in _NOTED
    }
    return _table(
        rows,
        [column.title for column in columns],
        name=table.name,
        title=table.title,
        instructions=" ".join(about),
        legend=[f"{one} {MEANINGS[one]}" for one in shown],
        source=f"Source: {wording.SOURCE}",
        additional_formatting=formats,
        table_notes=notes,
    )


def _table(
    rows: Sequence[Sequence[Any]], head: Sequence[str], *, name: str, **given: Any
) -> "GPTable":
    import pandas as pd
    from gptables import GPTable

    frame = pd.DataFrame(rows, columns=list(head), dtype=object)
    return GPTable(frame, table_name=name, index_columns={}, **given)


def _value(column: Column, row: Row) -> Any:
    value = row[column.name]
    if value is None:
        return row[column.marker]
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if column.kind == "moment":
        # Times in a spreadsheet have no time zone. The column is in UTC, as in the CSV files.
        return value.replace(tzinfo=None)
    return _plain(value) if isinstance(value, str) else value


def _plain(text: str) -> str:
    """Return a text in which gptables finds neither a link nor a reference to a note.

    The library refuses a cell without any letter or number, so such a text gets a word.
    """
    text = text.replace("](", "] (").replace("$$", "$ $")
    return text if re.search("[A-Za-z0-9]", text) else f"name {text}"


#: The columns that have a note, keyed by the names of the columns.
_NOTED = {
    "value": "share",
    "ci_low": "interval",
    "ci_high": "interval",
    "status": "status",
    "period_end": "period",
    "release_before": "revision",
}


def _notes(content: ReleaseContent) -> Any:
    """Return the table of notes: first those that columns refer to, then methods and quality."""
    import pandas as pd

    noted: Mapping[str, str] = {
        "share": "A share is the number divided by the total.",
        "interval": (
            "The interval is the 95% interval of the share (Wilson's): how far chance can move the "
            "share when there are few cases. It does not cover errors in the records."
        ),
        "status": "The status of a point is explained on the worksheet Codes.",
        "period": (
            "A period is one month, or several months together if the numbers of one month are too "
            "small to be shown. Compare shares and not numbers."
        ),
        "revision": (
            "A figure is revised only if its change is 0 or large enough, so that no reader can "
            "find a small number by subtraction."
        ),
    }
    others = [
        *quality.methods(content),
        *((heading, " ".join(texts)) for heading, texts in quality.dimensions(content)),
        *quality.revision_policy(content),
    ]
    rows = [
        *noted.items(),
        *((heading, f"{heading}. {text}") for heading, text in others),
    ]
    return pd.DataFrame(rows, columns=["Reference", "Note text"])


def _codes(content: ReleaseContent) -> "GPTable":
    """Return the sheet that says what each code means."""
    rows = [
        (_KINDS[table.name], row[table.key[0]], _meaning(row))
        for table in code_lists(content)
        for row in table.rows
    ]
    rows += [("State of the sources", code, meaning) for code, meaning in wording.SOURCES.items()]
    return _table(
        [[_plain(str(cell)) for cell in row] for row in rows],
        ("Kind", "Code", "Meaning"),
        name="codes",
        title="Codes and what they mean",
        instructions="This worksheet contains one table. It explains the codes of the others.",
    )


_KINDS = {
    "code_point": "Point",
    "code_measure": "Measure",
    "code_unit": "Unit",
    "code_status": "Status",
}


def _meaning(row: Row) -> str:
    return ". ".join(str(row[name]) for name in ("title", "description") if row.get(name))


def _set_widths(sheet: Any, table: Table) -> None:
    columns = [column for column in table.columns if column.kind != "marker"]
    for place, column in enumerate(columns):
        if column.kind in _WIDTHS:
            sheet.set_column(place, place, _WIDTHS[column.kind])


def _cover(content: ReleaseContent) -> Any:
    from gptables import Cover

    publisher = content.notes["publisher"]
    contact = [
        f"{title}: {wording.entry(publisher, name)}"
        for title, name in (
            ("Publisher", "publisher"),
            ("Web site", "publisher_url"),
            ("Contact", "contact"),
            ("E-mail", "contact_email"),
            ("Telephone", "contact_phone"),
            ("Licence", "licence"),
            ("Address of the licence", "licence_url"),
        )
    ]
    return Cover(
        title=wording.TITLE,
        intro=[
            wording.DESCRIPTION,
            f"Release {content.release_id}, made on {wording.released_on_in_words(content)}. "
            f"Status as at {moment(content.as_at)}.",
            f"Next release: {wording.next_release(publisher)}.",
            wording.summary(content),
        ],
        about=[
            "Each worksheet has its title in cell A1 and one table. The worksheet Contents links "
            "to each of them.",
            "Codes are explained on the worksheet Codes, and notes on the worksheet Notes. Where a "
            "value is missing, a marker in brackets says why. The markers are explained above each "
            "table that has them.",
            f"Source: {wording.SOURCE}",
            "These are not official statistics. They follow the Code of Practice for Statistics by "
            "choice. The page of the release says what is met and what is not.",
        ],
        contact=[_plain(line) for line in contact],
        width=75,
    )
