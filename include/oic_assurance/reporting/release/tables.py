"""The tables of a release's files: the released tables, the revisions, and the lists of codes.

A cell without a value is blank, and the marker in a column of its own says why. The spreadsheet
writes the marker into the cell instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from oic_assurance.clock import LONDON
from oic_assurance.publishing.release_tables import (
    MEASURE,
    PERIOD,
    POSITION,
    Kind,
    ReleaseColumn,
    ReleaseTable,
)
from oic_assurance.publishing.releases import ReleaseContent, Row
from oic_assurance.reporting.pack import words
from oic_assurance.reporting.release import wording
from oic_assurance.reporting.release.values import SHOWN, interval

STRANDS = "INTEL_PLAN"


@dataclass(frozen=True)
class Column:
    """A column of a file.

    Attributes:
        marker: The name of the column that says why a value is missing. It is empty if every row
            has a value.
    """

    name: str
    title: str
    kind: Kind | Literal["marker"]
    description: str
    marker: str = ""


@dataclass(frozen=True)
class Reference:
    """A foreign key: `columns` of a table name a row of `table`, whose key are `others`."""

    columns: tuple[str, ...]
    table: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of a release's files. `key` names the columns that identify a row."""

    name: str
    title: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    references: tuple[Reference, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, in their order."""
        return tuple(column.name for column in self.columns)


#: The marker column of each column that can be blank.
_MARKERS = {
    "figures_from": "period_marker",
    "figures_to": "period_marker",
    "numerator": "figure_marker",
    "denominator": "figure_marker",
    "value": "value_marker",
    "ci_low": "interval_marker",
    "ci_high": "interval_marker",
    "deadline": "deadline_marker",
    "days_to_deadline": "deadline_marker",
    "status_at_deadline": "status_at_deadline_marker",
}
_MARKER_TITLES = {
    "period_marker": "Marker of the days of the figures",
    "figure_marker": "Marker of the number and the total",
    "value_marker": "Marker of the share",
    "interval_marker": "Marker of the interval",
    "deadline_marker": "Marker of the deadline",
    "status_at_deadline_marker": "Marker of the status at the deadline",
    "value_before_marker": "Marker of the share before",
}
_INTERVAL = (
    Column(
        "ci_low",
        "Interval from",
        "share",
        "Lower end of the 95% interval of the share (Wilson's), from 0 to 1.",
        "interval_marker",
    ),
    Column(
        "ci_high",
        "Interval to",
        "share",
        "Upper end of the 95% interval of the share (Wilson's), from 0 to 1.",
        "interval_marker",
    ),
)
_POINT = Reference(("point_code",), "code_point", ("point_code",))
_MEASURE = Reference(("measure_code",), "code_measure", ("measure_code",))
_UNIT = Reference(("org_unit_code",), "code_unit", ("org_unit_code",))
_PERIOD_KEY = ("force_code", "measure_code", "period_start", "org_unit_code")


def file_tables(content: ReleaseContent) -> tuple[Table, ...]:
    """Return all tables of a release's files, the tables with figures first."""
    status = Reference(("status",), "code_status", ("status",))
    return (
        _with_figures(POSITION, content, (_POINT, status)),
        _with_figures(PERIOD, content, (_MEASURE, _POINT, _UNIT)),
        _with_figures(MEASURE, content, (_MEASURE, _POINT, _UNIT)),
        _revisions(content),
        *code_lists(content),
    )


def code_lists(content: ReleaseContent) -> tuple[Table, ...]:
    """Return the tables that say what the codes in the other tables mean."""
    rows = [row for table in content.tables.values() for row in table]
    points, units = (
        sorted({row[name] for row in rows if name in row})
        for name in ("point_code", "org_unit_code")
    )
    measures = {row["measure_code"]: row["point_code"] for row in rows if "measure_code" in row}
    return (
        _codes(
            "code_point",
            "Codes of the assurance points",
            _code("point_code", "Point"),
            (_text("title", "Name"), _text("description", "What it asks")),
            [(code, wording.point(code), wording.question(code)) for code in points],
        ),
        _codes(
            "code_measure",
            "Codes of the measures",
            _code("measure_code", "Measure"),
            (
                _code("point_code", "Point"),
                _text("title", "Name"),
                _text("description", "What it counts"),
            ),
            [
                (code, measures[code], wording.measure(code), wording.about(code))
                for code in sorted(measures)
            ],
            (_POINT,),
        ),
        _codes(
            "code_unit",
            "Codes of the units",
            _code("org_unit_code", "Unit"),
            (_text("title", "Name"),),
            [(code, wording.unit(code, content)) for code in units],
        ),
        _codes(
            "code_status",
            "Codes of the statuses",
            _code("status", "Status"),
            (_text("title", "Name"), _text("description", "What it means")),
            [(code, one.word, one.meaning) for code, one in words.STATUSES.items()],
        ),
    )


def _with_figures(
    table: ReleaseTable, content: ReleaseContent, references: tuple[Reference, ...]
) -> Table:
    columns: list[Column] = []
    for column in table.columns:
        columns.append(_file_column(column))
        if column.name == "value":
            columns += [_marker("value_marker"), *_INTERVAL]
    columns = _with_markers(columns)
    return Table(
        table.name,
        table.title,
        table.description,
        table.key,
        tuple(columns),
        [_marked(row, content) for row in content.tables[table.name]],
        references,
    )


def _file_column(column: ReleaseColumn) -> Column:
    return Column(
        column.name,
        column.title,
        column.kind,
        column.description,
        _MARKERS.get(column.name, ""),
    )


def _with_markers(columns: Sequence[Column]) -> list[Column]:
    """Return the columns, with each marker column behind the last column that it is for."""
    there = {column.name for column in columns}
    last = {column.marker: column.name for column in columns if column.marker}
    out: list[Column] = []
    for column in columns:
        out.append(column)
        if column.marker and column.marker not in there and last[column.marker] == column.name:
            out.append(_marker(column.marker))
    return out


def _marker(name: str) -> Column:
    about = f"`{SHOWN}` if the value is there. Otherwise, why it is not, or that it is revised."
    return Column(name, _MARKER_TITLES[name], "marker", about)


def _marked(row: Row, content: ReleaseContent) -> Row:
    """Return a row with the interval of its share and with its markers."""
    is_strands = row["point_code"] == STRANDS
    figure = _figure_marker(row, content)
    value = "[z]" if row["numerator"] is not None and row["value"] is None else figure
    has_interval = row["value"] is not None and not is_strands
    low, high = interval(row["numerator"], row["denominator"]) if has_interval else (None, None)
    marked = {
        **row,
        "ci_low": low,
        "ci_high": high,
        "figure_marker": figure,
        "value_marker": value,
        "interval_marker": "[z]" if is_strands and row["numerator"] is not None else value,
    }
    if "deadline" in row:
        no_period = "[c]" if row["is_suppressed"] else "[z]"
        no_status = "[z]" if row["deadline"] is None else "[x]"
        marked |= {
            "period_marker": no_period if row["figures_from"] is None else SHOWN,
            "deadline_marker": "[z]" if row["deadline"] is None else SHOWN,
            "status_at_deadline_marker": no_status if row["status_at_deadline"] is None else SHOWN,
        }
    return marked


def _figure_marker(row: Row, content: ReleaseContent) -> str:
    """Return the marker of a row's number and total.

    Whether a month is settled follows from the two days alone, so `[x]` tells nothing about it.
    """
    if row["numerator"] is None:
        return "[x]" if _is_unsettled(row, content) else "[c]"
    revised = {
        (one["measure_code"], one["period_start"], one["org_unit_code"])
        for one in content.notes["revisions"]
    }
    place = (
        row.get("measure_code"),
        row["period_start"].isoformat() if "period_start" in row else None,
        row.get("org_unit_code"),
    )
    return "[r]" if place in revised else SHOWN


def _is_unsettled(row: Row, content: ReleaseContent) -> bool:
    if row.get("measure_code") not in wording.MEASURES:
        return False
    following = (row["period_start"].replace(day=1) + timedelta(days=31)).replace(day=1)
    as_at = content.as_at.astimezone(LONDON).date()
    age: timedelta = as_at - (following - timedelta(days=1))
    return age.days < int(content.notes["settle_days"])


def _revisions(content: ReleaseContent) -> Table:
    columns = (
        *(_file_column(column) for column in PERIOD.columns if column.name in _PERIOD_KEY[:3]),
        *(
            _file_column(column)
            for column in PERIOD.columns
            if column.name in ("period_end", "org_unit_code")
        ),
        Column(
            "release_before", "Release before", "whole", "Release that showed the figure before."
        ),
        Column("numerator_before", "Number before", "count", "Number in that release."),
        Column("denominator_before", "Out of, before", "count", "Total in that release."),
        Column(
            "value_before",
            "Share before",
            "share",
            "Share in that release, from 0 to 1, unrounded.",
            "value_before_marker",
        ),
        Column("numerator", "Number now", "count", "Number in this release."),
        Column("denominator", "Out of, now", "count", "Total in this release."),
        Column(
            "value",
            "Share now",
            "share",
            "Share in this release, from 0 to 1, unrounded.",
            "value_marker",
        ),
        Column(
            "revision_type",
            "Kind of revision",
            "code",
            "`planned`: the revision policy provides for it. `unplanned`: it corrects a release "
            "that was withdrawn.",
        ),
        Column("reason", "Why", "text", "Why the figure differs."),
    )
    return Table(
        "assurance_revision",
        "Revised figures",
        "One row per figure that differs from the newest earlier release of the same figure. Each "
        "number was released before or is released now, so no row tells more than the releases do.",
        _PERIOD_KEY,
        tuple(_with_markers(columns)),
        [_revised(row) for row in content.notes["revisions"]],
        (_MEASURE, _UNIT, Reference(_PERIOD_KEY, PERIOD.name, _PERIOD_KEY)),
    )


def _revised(row: Row) -> Row:
    kind, why = wording.revision(row)
    before, now = (
        row[f"numerator{end}"] / row[f"denominator{end}"] if row[f"denominator{end}"] else None
        for end in ("_before", "")
    )
    return {
        **row,
        "value_before": before,
        "value_before_marker": "[z]" if before is None else SHOWN,
        "value": now,
        "value_marker": "[z]" if now is None else SHOWN,
        "revision_type": kind,
        "reason": why,
    }


def _codes(
    name: str,
    title: str,
    key: Column,
    others: tuple[Column, ...],
    rows: Sequence[Sequence[Any]],
    references: tuple[Reference, ...] = (),
) -> Table:
    columns = (key, *others)
    names = [column.name for column in columns]
    return Table(
        name,
        title,
        f"One row per code in the column {key.name} of the other tables.",
        (key.name,),
        columns,
        [dict(zip(names, row, strict=True)) for row in rows],
        references,
    )


def _code(name: str, title: str) -> Column:
    return Column(name, title, "code", f"{title}, as a code.")


def _text(name: str, title: str) -> Column:
    return Column(name, title, "text", f"{title}, in words.")
