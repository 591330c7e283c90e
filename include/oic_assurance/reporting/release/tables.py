"""The tables of a release's files: the released tables, the revisions, and the lists of codes.

A cell without a value is blank, and the marker in a column of its own says why. The spreadsheet
writes the marker into the cell instead.
"""

from collections.abc import Sequence
from datetime import timedelta

from oic_assurance.clock import LONDON
from oic_assurance.publishing.release_tables import (
    MEASURE,
    PERIOD,
    POSITION,
    ReleaseColumn,
    ReleaseTable,
)
from oic_assurance.publishing.releases import ReleaseContent, Row
from oic_assurance.reporting.points import POINTS
from oic_assurance.reporting.release import code_lists, wording
from oic_assurance.reporting.release.table import Column, Reference, Table
from oic_assurance.reporting.release.values import SHOWN, interval

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
_PERIOD_KEY = ("force_code", "measure_code", "period_start", "org_unit_code")


def file_tables(content: ReleaseContent) -> tuple[Table, ...]:
    """Return all tables of a release's files, the tables with figures first."""
    return (
        _with_figures(POSITION, content, (code_lists.POINT, code_lists.STATUS)),
        _with_figures(PERIOD, content, (code_lists.MEASURE, code_lists.POINT, code_lists.UNIT)),
        _with_figures(MEASURE, content, (code_lists.MEASURE, code_lists.POINT, code_lists.UNIT)),
        _revisions(content),
        *code_lists.code_lists(content),
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
    is_strands = POINTS[row["point_code"]].is_checklist
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
    if row.get("measure_code") not in wording.measures():
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
        (code_lists.MEASURE, code_lists.UNIT, Reference(_PERIOD_KEY, PERIOD.name, _PERIOD_KEY)),
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
