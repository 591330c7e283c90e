"""Write the sheets of the workbook with XlsxWriter.

Each sheet has its title in A1, the publication's stamp in A2 and a sentence about it in A3. No
cells are merged, the heads of tables stay in view and have filters, and a chart has a text for
screen readers and the table of its figures beside it.
"""

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from oic_assurance.reporting.workbook.description import SHOWN, SHOWN_COLUMNS, Chart, Sheet

Rows = Sequence[Mapping[str, Any]]
FIRST = "About"
TITLE = "OIC assurance: figures of a publication"
#: The row of the head of a table, counted from 0.
HEAD = 4
_FONT = {"font_name": "Arial", "font_size": 11, "valign": "top"}
_FORMATS = {
    "count": "#,##0",
    "whole": "0",
    "share": "0.0%",
    "hours": "0.0",
    "date": "d mmm yyyy",
    "month": "mmm yyyy",
    "moment": "d mmm yyyy hh:mm",
}
#: The kinds of numbers that are compared with each other, and therefore stand on the right.
_ON_THE_RIGHT = ("count", "share", "hours")
#: The narrowest and the widest column, in characters, and the width of a column of long texts.
_NARROW, _WIDE, _LONG = 11, 34, 70
_SIDES: dict[str, dict[str, Any]] = {
    "left": {"align": "left", "indent": 1},
    "right": {"align": "right"},
}
_GRID = {"visible": True, "line": {"color": "#d5d9de", "width": 0.75}}
_LINES = {"Share": "#1f4e79", "Interval from": "#7c8794", "Interval to": "#848f9b"}


class Book:
    """The workbook while it is written.

    `tables` are the rows of each table, keyed by its name. `number` is the publication.
    """

    def __init__(self, tables: Mapping[str, Rows], number: int) -> None:
        import xlsxwriter

        self.tables = tables
        as_at: datetime = tables[SHOWN][0]["As at"]
        self.file = io.BytesIO()
        self.book = xlsxwriter.Workbook(self.file, {"in_memory": True})
        self.book.set_properties(
            {
                "title": f"{TITLE} {number}",
                "comments": "Figures about organised immigration crime, as at one moment.",
                "language": "en-GB",
                "created": as_at.replace(tzinfo=None, microsecond=0),
            }
        )
        self.plain = self.book.add_format({**_FONT, "text_wrap": True})
        self.cell = self.book.add_format({**_FONT, "text_wrap": True, **_SIDES["left"]})
        self.line = self.book.add_format(_FONT)
        self.title = self.book.add_format({**_FONT, "font_size": 16, "bold": True})
        self.strong = self.book.add_format({**_FONT, "bold": True})
        head = {**_FONT, "bold": True, "text_wrap": True, "bottom": 2}
        self.heads = {side: self.book.add_format({**head, **look}) for side, look in _SIDES.items()}
        self.formats = {
            kind: self.book.add_format({**_FONT, "num_format": shown, **_SIDES[_side(kind)]})
            for kind, shown in _FORMATS.items()
        }

    @property
    def stamp(self) -> str:
        """The publication, its as-at moment and the verdict of its checks."""
        first = self.tables[SHOWN][0]
        return (
            f"Publication {first['Publication']}, as at {_clock(first['As at'])}, "
            f"checks: {first['Checks']}"
        )

    def close(self) -> bytes:
        """Return the finished workbook."""
        self.book.close()
        return self.file.getvalue()

    def first_sheet(self, how: Mapping[str, Sequence[str]]) -> None:
        """Write the first sheet: stamp, caveats, and sentences, such as what not to add up.

        `how` maps each heading to its sentences.
        """
        sheet = self._sheet(FIRST, TITLE)
        about = "The publication, and the caveats of each point."
        self._stamp(sheet, about)
        self._table(sheet, SHOWN, SHOWN_COLUMNS, about)
        place = HEAD + len(self.tables[SHOWN]) + 2
        for heading, sentences in how.items():
            sheet.write_string(place, 0, heading, self.strong)
            for sentence in sentences:
                place += 1
                sheet.write_string(place, 0, sentence, self.plain)
            place += 2

    def table_sheet(self, described: Sheet) -> None:
        """Write a sheet with a table, and its chart."""
        sheet = self._sheet(described.name, described.title)
        self._stamp(sheet, described.about)
        self._table(sheet, described.table, described.columns, described.about)
        sheet.freeze_panes(HEAD + 1, 1)
        sheet.repeat_rows(HEAD)
        if described.chart is not None:
            self._chart(sheet, described, described.chart)

    def _sheet(self, name: str, title: str) -> Any:
        sheet = self.book.add_worksheet(name)
        sheet.write_string(0, 0, title, self.title)
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_header(f"&L&A&RMade from {self.stamp.replace('&', '&&')}")
        sheet.set_footer("&LOFFICIAL-SENSITIVE&RPage &P of &N")
        return sheet

    def _stamp(self, sheet: Any, about: str) -> None:
        sheet.write_string(1, 0, self.stamp, self.strong)
        sheet.write_string(2, 0, about, self.line)

    def _table(self, sheet: Any, name: str, columns: Mapping[str, str], about: str) -> None:
        rows = self.tables[name]
        sheet.add_table(
            HEAD,
            0,
            HEAD + max(len(rows), 1),
            len(columns) - 1,
            {
                "name": name,
                "style": "Table Style Light 1",
                "columns": [
                    {
                        "header": title,
                        "header_format": self.heads[_side(kind)],
                        "format": self._format(kind),
                    }
                    for title, kind in columns.items()
                ],
                "description": about,
            },
        )
        for place, row in enumerate(rows, start=HEAD + 1):
            for number, (title, kind) in enumerate(columns.items()):
                self._cell(sheet, place, number, kind, row[title])
        for number, (title, kind) in enumerate(columns.items()):
            longest = max(len(_shown(row[title])) for row in (*rows, {title: title}))
            width = _LONG if kind == "long" else min(max(longest + 3, _NARROW), _WIDE)
            sheet.set_column(number, number, width)

    def _format(self, kind: str) -> Any:
        return self.formats.get(kind, self.cell)

    def _cell(self, sheet: Any, place: int, number: int, kind: str, value: Any) -> None:
        look = self._format(kind)
        if value is None:
            sheet.write_blank(place, number, None, look)
        elif isinstance(value, str):
            sheet.write_string(place, number, value, look)
        elif isinstance(value, datetime):
            sheet.write_datetime(place, number, value.replace(microsecond=0), look)
        elif isinstance(value, date):
            sheet.write_datetime(place, number, value, look)
        else:
            sheet.write_number(place, number, value, look)

    def _chart(self, sheet: Any, described: Sheet, chart: Chart) -> None:
        names, rows = list(described.columns), self.tables[described.table]
        made = self.book.add_chart({"type": chart.kind})
        last = HEAD + max(len(rows), 1)
        categories = names.index(chart.categories)
        for value in chart.values:
            column = names.index(value)
            colour = _LINES[value]
            dash = "solid" if value == "Share" else "dash"
            made.add_series(
                {
                    "name": [described.name, HEAD, column],
                    "categories": [described.name, HEAD + 1, categories, last, categories],
                    "values": [described.name, HEAD + 1, column, last, column],
                    "line": {"color": colour, "width": 2, "dash_type": dash},
                    "fill": {"color": colour},
                }
            )
        made.set_title({"name": chart.title, "name_font": {"size": 12}})
        axis = {"num_format": "0%", "min": 0, "max": 1, "major_gridlines": _GRID}
        if chart.kind == "bar":
            made.set_x_axis(axis)
            made.set_y_axis({"reverse": True, "major_gridlines": {"visible": False}})
            made.set_legend({"none": True})
        else:
            made.set_x_axis({"date_axis": True, "num_format": "mmm yyyy"})
            made.set_y_axis(axis)
            made.set_legend({"position": "bottom"})
        made.set_size({"width": 720, "height": 340})
        # Beside a narrow table, below a wide one.
        place = (HEAD, len(names) + 1) if len(names) <= 8 else (last + 2, 0)
        sheet.insert_chart(*place, made, {"description": chart.alt})


def _side(kind: str) -> str:
    return "right" if kind in _ON_THE_RIGHT else "left"


def _shown(value: Any) -> str:
    """Return about what a cell shows, to measure it."""
    if isinstance(value, datetime):
        return _clock(value)
    if isinstance(value, date):
        return "d mmm yyyy"
    return "100.0%" if isinstance(value, float) else str(value)


def _clock(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y %H:%M}"
