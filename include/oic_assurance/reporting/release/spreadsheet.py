"""Write the tables of a release as an accessible spreadsheet.

The spreadsheet follows the Government Analysis Function's guidance on accessible spreadsheets. It
has a cover sheet, a table of contents and notes. Each sheet has its title in A1, and each sheet but
the cover has one table. No cells are merged. No cell of a table is blank, except that a table
without rows has one blank row, because the file format requires a row. Nothing is expressed by
colour or layout alone.
"""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from oic_assurance.publishing.release_tables import RELEASE_TABLES, ReleaseColumn, ReleaseTable
from oic_assurance.publishing.releases import ReleaseContent
from oic_assurance.reporting.pack import words
from oic_assurance.reporting.release import wording
from oic_assurance.reporting.release.dataset import DESCRIPTION, TITLE
from oic_assurance.reporting.release.values import MEANINGS, mark
from oic_assurance.reporting.screens.layout import moment

NAME = "assurance-figures.xlsx"
_FONT = {"font_name": "Arial", "font_size": 12}
_WIDEST = 60
_SOURCES = {
    "fresh": "Every source was delivered in time.",
    "stale": "A source was not delivered in time.",
    "failed": "A source could not be read.",
}
#: The number formats of the kinds of columns.
_FORMATS = {
    "count": "#,##0",
    "whole": "0",
    "share": "0.0%",
    "date": "d mmmm yyyy",
    "moment": "d mmmm yyyy hh:mm",
}


def spreadsheet(content: ReleaseContent) -> bytes:
    """Return the spreadsheet as an XLSX file. The same content always gives the same bytes."""
    import xlsxwriter

    file = io.BytesIO()
    with xlsxwriter.Workbook(
        file, {"in_memory": True, "default_date_format": "d mmmm yyyy"}
    ) as book:
        book.set_properties(
            {
                "title": f"{TITLE}, release {content.release_id}",
                "author": wording.entry(content.notes["publisher"], "publisher"),
                "comments": DESCRIPTION,
                "language": "en-GB",
                # Without this entry, the file would contain the time at which it is written, and
                # the same content would not give the same bytes.
                "created": content.made_at.replace(tzinfo=None, microsecond=0),
            }
        )
        writer = _Writer(book)
        writer.page("Cover", TITLE, _cover(content))
        writer.contents()
        writer.notes(content)
        for table in RELEASE_TABLES:
            writer.table(table, content)
        writer.listing(
            "Codes",
            "Codes and what they mean",
            "codes",
            ("Kind", "Code", "Meaning"),
            _codes(content),
        )
        writer.listing(
            "Revisions",
            "Figures that differ from an earlier release",
            "revisions",
            ("Measure", "Period", "Unit", "Before", "Now"),
            wording.revisions(content) or [("None", "None", "None", "None", "None")],
        )
    return file.getvalue()


class _Writer:
    """The writer of the workbook's sheets, each with its title in A1."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.plain = book.add_format({**_FONT, "text_wrap": True, "valign": "top"})
        self.title = book.add_format({**_FONT, "font_size": 16, "bold": True})
        self.heading = book.add_format({**_FONT, "font_size": 14, "bold": True})
        self.head = book.add_format(
            {**_FONT, "bold": True, "text_wrap": True, "valign": "top", "bottom": 2}
        )
        self.link = book.add_format({**_FONT, "underline": 1, "font_color": "#1f4e79"})
        self.formats = {
            kind: book.add_format({**_FONT, "num_format": shown, "valign": "top"})
            for kind, shown in _FORMATS.items()
        }
        self.missing = book.add_format({**_FONT, "align": "right", "valign": "top"})

    def page(self, name: str, title: str, lines: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Write a sheet with one column of text: headings, each followed by its paragraphs."""
        sheet = self.book.add_worksheet(name)
        sheet.set_column(0, 0, 90, self.plain)
        sheet.write_string(0, 0, title, self.title)
        place = 1
        for heading, paragraphs in lines:
            if heading:
                sheet.write_string(place, 0, heading, self.heading)
                place += 1
            for paragraph in paragraphs:
                sheet.write_string(place, 0, paragraph, self.plain)
                place += 1

    def contents(self) -> None:
        """Write the table of contents, with a link to each sheet."""
        sheet = self._sheet("Contents", "Table of contents", "This sheet contains one table.", 2)
        rows = [
            ("Notes", "Notes and marks"),
            *((_sheet_name(table), table.title) for table in RELEASE_TABLES),
            ("Codes", "Codes and what they mean"),
            ("Revisions", "Figures that differ from an earlier release"),
        ]
        self._add_table(sheet, "contents", ("Sheet", "Title"), rows)
        for place, (name, _) in enumerate(rows, start=3):
            sheet.write_url(place, 0, f"internal:'{name}'!A1", self.link, name)
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 60)

    def notes(self, content: ReleaseContent) -> None:
        """Write the notes: marks for missing values, methods and quality."""
        rows = [
            *((one, meaning) for one, meaning in MEANINGS.items()),
            *wording.methods(content),
            *(("Quality", text) for text in wording.quality(content)),
        ]
        self.listing("Notes", "Notes and marks", "notes", ("Note", "Text"), rows)

    def listing(
        self,
        name: str,
        title: str,
        table: str,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
    ) -> None:
        """Write a sheet with one table of text."""
        sheet = self._sheet(name, title, "This sheet contains one table.", len(head))
        self._add_table(sheet, table, head, rows)
        for place in range(len(head)):
            longest = max(len(str(row[place])) for row in (head, *rows))
            sheet.set_column(place, place, min(longest + 4, _WIDEST), self.plain)

    def table(self, table: ReleaseTable, content: ReleaseContent) -> None:
        """Write a sheet with a table of the release."""
        rows = content.tables[table.name]
        used = {mark(column) for column in table.columns if column.blank}
        about = " ".join(
            ["This sheet contains one table.", table.description]
            + [f"{one} {meaning}" for one, meaning in MEANINGS.items() if one in used]
        )
        sheet = self._sheet(_sheet_name(table), table.title, about, len(table.columns))
        head = [column.title for column in table.columns]
        sheet.add_table(
            2,
            0,
            2 + max(len(rows), 1),
            len(head) - 1,
            {
                "name": table.name,
                "style": None,
                "autofilter": False,
                "columns": [{"header": title, "header_format": self.head} for title in head],
                "description": table.description,
            },
        )
        for place, row in enumerate(rows, start=3):
            for number, column in enumerate(table.columns):
                self._cell(sheet, place, number, column, row[column.name])
        sheet.freeze_panes(3, 0)

    def _sheet(self, name: str, title: str, about: str, columns: int) -> Any:
        sheet = self.book.add_worksheet(name)
        sheet.set_column(0, max(columns - 1, 0), 22)
        sheet.write_string(0, 0, title, self.title)
        # The text may run over the empty cells to its right. The cells are not merged, because
        # merged cells would hide the text from screen readers.
        sheet.write_string(1, 0, about, self.book.add_format(_FONT))
        return sheet

    def _add_table(
        self, sheet: Any, name: str, head: Sequence[str], rows: Sequence[Sequence[str]]
    ) -> None:
        sheet.add_table(
            2,
            0,
            2 + len(rows),
            len(head) - 1,
            {
                "name": f"table_{name}",
                "style": None,
                "autofilter": False,
                "columns": [{"header": title, "header_format": self.head} for title in head],
            },
        )
        for place, row in enumerate(rows, start=3):
            for number, value in enumerate(row):
                sheet.write_string(place, number, str(value), self.plain)

    def _cell(self, sheet: Any, place: int, number: int, column: ReleaseColumn, value: Any) -> None:
        if value is None:
            sheet.write_string(place, number, mark(column), self.missing)
        elif isinstance(value, bool):
            sheet.write_string(place, number, "Yes" if value else "No", self.plain)
        elif isinstance(value, datetime):
            # Times in a spreadsheet have no time zone. The column is in UTC, as in the CSV files.
            sheet.write_datetime(place, number, value.replace(tzinfo=None), self.formats["moment"])
        elif column.kind == "date":
            sheet.write_datetime(place, number, value, self.formats["date"])
        elif column.kind in self.formats:
            sheet.write_number(place, number, value, self.formats[column.kind])
        else:
            sheet.write_string(place, number, str(value), self.plain)


def _sheet_name(table: ReleaseTable) -> str:
    return {
        "assurance_position": "Points",
        "assurance_period": "Periods",
        "assurance_measure": "Months and districts",
    }[table.name]


def _cover(content: ReleaseContent) -> list[tuple[str, Sequence[str]]]:
    publisher = content.notes["publisher"]
    return [
        (
            "",
            (
                DESCRIPTION,
                f"Release {content.release_id}, made on {words.long_day(content.made_at)}. "
                f"Figures as at {moment(content.as_at)}.",
                f"Next release: {wording.next_release(publisher)}.",
            ),
        ),
        (
            "Publisher and contact",
            tuple(
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
            ),
        ),
        (
            "How to read this file",
            (
                "Each sheet has its title in cell A1, a note in A2, and one table from A3 on.",
                "Codes are explained on the sheet Codes. Marks in brackets are explained on the "
                "sheet Notes.",
            ),
        ),
    ]


def _codes(content: ReleaseContent) -> list[tuple[str, str, str]]:
    rows = [row for table in RELEASE_TABLES for row in content.tables[table.name]]
    points, codes, units = (
        sorted({row[name] for row in rows if name in row})
        for name in ("point_code", "measure_code", "org_unit_code")
    )
    statuses = [(code, f"{one.word}: {one.meaning}") for code, one in words.STATUSES.items()]
    return [
        *(("Point", code, wording.point(code)) for code in points),
        *(("Measure", code, _about(code)) for code in codes),
        *(("Unit", code, wording.unit(code, content)) for code in units),
        *(("Status", code, meaning) for code, meaning in statuses),
        *(("State of the sources", code, meaning) for code, meaning in _SOURCES.items()),
    ]


def _about(code: str) -> str:
    if code not in wording.MEASURES:
        return f"{wording.measure(code)}. Its figures are withheld."
    title, about = wording.MEASURES[code]
    return f"{title}. {about}"
