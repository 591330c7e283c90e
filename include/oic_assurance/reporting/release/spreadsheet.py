"""Write the tables of a release as an accessible spreadsheet, with gptables.

The library is the Government Analysis Function's. It gives each sheet its title in A1 and one table
that is marked up as a table, makes the table of contents and the notes, merges no cells, and adds
no filters. This module says which tables there are, and how a value looks. Codes are in words.
"""

import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from oic_assurance.formats import long_day, moment
from oic_assurance.publishing.releases import ReleaseContent, Row
from oic_assurance.reporting.paper.labels import labels
from oic_assurance.reporting.release import wording
from oic_assurance.reporting.release.publisher import NOT_SET, shown
from oic_assurance.reporting.release.tables import Column, Table

if TYPE_CHECKING:
    from gptables import GPTable

#: The sheets of the tables with figures, keyed by the names of the tables.
SHEETS = {
    "assurance_position": "Points",
    "assurance_period": "Periods",
    "assurance_total": "Quarters and years",
    "assurance_withheld": "Withheld",
    "assurance_revision": "Revisions",
}
_CODES, _CONTENTS, _NOTES = "Codes", "Contents", "Notes"
#: The words for the codes in a column, keyed by the name of the column.
_WORDS: Mapping[str, Callable[[str, ReleaseContent], str]] = {
    "force_code": lambda _, content: wording.force(content),
    "point_code": lambda code, _: wording.point(code),
    "measure_code": lambda code, _: wording.measure(code),
    "org_unit_code": wording.unit,
    "units": wording.unit,
    "status_at_deadline": lambda code, _: labels("status")[code],
    "source_status": lambda code, _: labels("source_status")[code],
    "period_kind": lambda code, _: labels("period_kind")[code],
    "revision_type": lambda code, _: code.capitalize(),
}
#: Columns for programs, which the sheets leave out.
_FOR_PROGRAMS = {"reason_code", "publication_id", "status"}
#: The widths of columns in characters: of long texts, and of kinds of values. The library measures
#: a value before it is formatted, and would make a long text one line.
_WIDEST = 90
_WIDTHS = {"share": 15, "count": 12, "whole": 15, "date": 19, "moment": 25, "text": 70, "code": 30}
_FORMATS = {
    "count": "#,##0",
    "whole": "0",
    "share": "0.0%",
    "date": "d mmmm yyyy",
    "moment": "d mmmm yyyy hh:mm",
}
#: The columns that have a note, keyed by the names of the columns.
_NOTED = {
    "value": "share",
    "target": "target",
    "ci_low": "interval",
    "ci_high": "interval",
    "status_name": "status",
    "period_end": "period",
    "release_before": "revision",
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
    return wording.file_name("assurance_figures.xlsx", content)


def spreadsheet(
    tables: Sequence[Table], content: ReleaseContent, texts: Mapping[str, Any]
) -> bytes:
    """Return the spreadsheet as an XLSX file. The same content always gives the same bytes."""
    # Importing the library takes a third of a second, and only a release needs it.
    from gptables import produce_workbook

    draft = "DRAFT, not released. " if wording.is_draft(content) else ""
    sheets = {
        SHEETS[one.name]: _sheet(one, content, texts, draft) for one in tables if one.name in SHEETS
    }
    sheets[_CODES] = _codes(tables, draft)
    file = io.BytesIO()
    with warnings.catch_warnings():
        # The library warns that no column refers to the notes on methods and quality, and pandas
        # warns that the library uses it in a way that pandas 4 will not know.
        warnings.simplefilter("ignore")
        book = produce_workbook(
            file,
            sheets,
            cover=_cover(content, texts),
            contentsheet_label=_CONTENTS,
            notes_table=_notes(texts),
            notesheet_label=_NOTES,
            workbook_options=_OPTIONS,
        )
    for table in tables:
        if table.name in SHEETS:
            sheet = book.get_worksheet_by_name(SHEETS[table.name])
            for place, column in enumerate(_columns(table)):
                if column.kind in _WIDTHS:
                    sheet.set_column(place, place, _WIDTHS[column.kind])
    book.get_worksheet_by_name(_CODES).set_column(3, 3, _WIDEST)
    book.get_worksheet_by_name(_NOTES).set_column(1, 1, _WIDEST)
    for sheet in book.worksheets():
        # On paper: A4, and no table is cut in width.
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        if draft:
            sheet.set_header(f"&C{draft}")
        if sheet.get_name() in sheets:
            sheet.set_landscape()
    book.set_properties(
        {
            "title": f"{texts['title']}, release {content.release_id}",
            "author": content.notes["publisher"]["publisher"] or NOT_SET,
            "comments": texts["description"],
            "language": "en-GB",
            # Without this entry, the file would contain the time at which it is written, and the
            # same content would not give the same bytes.
            "created": content.made_at.replace(tzinfo=None, microsecond=0),
        }
    )
    book.close()
    return file.getvalue()


def _columns(table: Table) -> list[Column]:
    """Return the columns that a sheet shows. Markers stand in the cells that they explain."""
    return [
        column
        for column in table.columns
        if column.name not in _FOR_PROGRAMS
        and (column.kind != "marker" or column.name == "withheld_marker")
    ]


def _sheet(
    table: Table, content: ReleaseContent, texts: Mapping[str, Any], draft: str
) -> "GPTable":
    """Return a sheet with a table. A marker stands in the cell whose value is missing."""
    columns = _columns(table)
    rows = [[_value(column, row, content) for column in columns] for row in table.rows]
    about = [f"{draft}This worksheet contains one table.", table.description]
    if not rows:
        rows = [["[x]"] * len(columns)]
        about.append("The table has no figures in this release.")
    markers = labels("marker")
    used = sorted({cell for row in rows for cell in row if cell in markers})
    return _table(
        rows,
        [column.title for column in columns],
        name=table.name,
        title=table.title,
        instructions=" ".join(about),
        legend=[f"{one} {markers[one]}" for one in used],
        source=f"Source: {texts['source']}",
        additional_formatting=[
            {
                "column": {
                    "columns": [place],
                    "format": {"num_format": _FORMATS[column.kind], "align": "right"},
                    "include_names": True,
                }
            }
            for place, column in enumerate(columns)
            if column.kind in _FORMATS
        ],
        table_notes={
            place: f"$${_NOTED[column.name]}$$"
            for place, column in enumerate(columns)
            if column.name in _NOTED
        },
    )


def _table(
    rows: Sequence[Sequence[Any]], head: Sequence[str], *, name: str, **given: Any
) -> "GPTable":
    import pandas as pd
    from gptables import GPTable

    frame = pd.DataFrame(rows, columns=list(head), dtype=object)
    return GPTable(frame, table_name=name, index_columns={}, **given)


def _value(column: Column, row: Row, content: ReleaseContent) -> Any:
    value = row[column.name]
    if value is None:
        return row[column.marker]
    if column.name in _WORDS:
        return _plain(_WORDS[column.name](value, content))
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


def _notes(texts: Mapping[str, Any]) -> Any:
    """Return the table of notes: first those that columns refer to, then methods and quality."""
    import pandas as pd

    others = [
        *texts["methods"].items(),
        *((heading, " ".join(given)) for heading, given in texts["dimensions"].items()),
        *texts["revision_policy"].items(),
    ]
    rows = [
        *texts["notes"].items(),
        *((heading, f"{heading}. {text}") for heading, text in others),
    ]
    return pd.DataFrame(rows, columns=["Reference", "Note text"])


def _codes(tables: Sequence[Table], draft: str) -> "GPTable":
    """Return the sheet that says what each code means."""
    rows = [
        (
            table.columns[0].title,
            row[table.key[0]],
            row["title"],
            ". ".join(row[name] for name in ("answer", "description") if name in row)
            or row["title"],
        )
        for table in tables
        if table.name.startswith("code_")
        for row in table.rows
    ]
    rows += [
        ("State of the sources", code, words, words)
        for code, words in labels("source_status").items()
    ]
    return _table(
        [[_plain(str(cell)) for cell in row] for row in rows],
        ("Kind", "Code", "Name", "Meaning"),
        name="codes",
        title="Codes and what they mean",
        instructions=f"{draft}This worksheet contains one table. The CSV files have these codes, "
        "and the other worksheets have their names.",
    )


def _cover(content: ReleaseContent, texts: Mapping[str, Any]) -> Any:
    from gptables import Cover

    publisher = content.notes["publisher"]
    return Cover(
        title=texts["title"],
        intro=[
            texts["description"],
            f"Release {content.release_id}, made on {long_day(wording.released_on(content))}. "
            f"The records are as at {moment(content.as_at)}.",
            f"Next release: {wording.next_release(publisher)}.",
            wording.summary(content),
        ],
        about=[
            *texts["cover"],
            f"Source: {texts['source']}",
            f"{texts['not_official']} The page of the release says what is met and what is not.",
        ],
        contact=[_plain(f"{name}: {text}") for name, text, _ in shown(publisher)],
        width=75,
    )
