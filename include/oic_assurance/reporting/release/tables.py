"""The tables of a release's files: figures, what is withheld, revisions, and lists of codes.

`templates/tables.yml` says which there are and what each column means. A cell without a value is
blank, and the marker in a column of its own says why. The spreadsheet writes the marker into the
cell instead.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import yaml

from oic_assurance.clock import LONDON
from oic_assurance.publishing.release_tables import MEASURE, PERIOD, POSITION
from oic_assurance.publishing.releases import ReleaseContent, Row
from oic_assurance.reporting.paper.labels import labels
from oic_assurance.reporting.points import POINTS
from oic_assurance.reporting.release import wording
from oic_assurance.reporting.release.totals import (
    last_day,
    period_kind,
    quarters_and_years,
    withheld,
)
from oic_assurance.reporting.release.values import SHOWN, interval

#: The markers of the reasons for which no figure is shown, unless it is `[c]`.
_MARKERS = {"not_settled": "[x]", "added_up": "[z]", "no_record": "[z]"}


@dataclass(frozen=True)
class Column:
    """A column of a file.

    Attributes:
        kind: What the values are, which decides their type in the files.
        marker: The name of the column that says why a value is missing. It is empty if every row
            has a value.
    """

    name: str
    title: str
    kind: str
    description: str
    marker: str = ""


@dataclass(frozen=True)
class Table:
    """A table of a release's files.

    Attributes:
        key: The columns that identify a row.
        refers_to: The tables whose keys are columns of this table.
    """

    name: str
    title: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    refers_to: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, in their order."""
        return tuple(column.name for column in self.columns)


def file_tables(content: ReleaseContent) -> tuple[Table, ...]:
    """Return all tables of a release's files, the tables with figures first."""
    periods = _periods(content)
    totals = quarters_and_years(periods, wording.counted_as())
    rows = {
        POSITION.name: [_marked(row, content) for row in content.tables[POSITION.name]],
        PERIOD.name: [_marked(row, content) for row in periods],
        "assurance_total": [_marked(row, content) for row in totals],
        "assurance_withheld": _withheld(content, periods),
        "assurance_revision": [_revised(row) for row in content.notes["revisions"]],
        **_code_lists(content, periods),
    }
    return tuple(
        Table(
            name,
            table["title"],
            table.get("about", "One row per code of this kind in the other tables."),
            tuple(table["key"]),
            _columns(name),
            rows[name],
            tuple(table.get("refers_to", ())),
        )
        for name, table in _declared()["tables"].items()
    )


@functools.cache
def _declared() -> Any:
    return yaml.safe_load((wording.TEMPLATES / "tables.yml").read_text(encoding="utf-8"))


@functools.cache
def _columns(table: str) -> tuple[Column, ...]:
    """Return a table's columns, with each marker column behind the last column that it is for."""
    found: list[Column] = []
    waiting = ""
    for entry in (*_declared()["tables"][table]["columns"], None):
        name, given = next(iter(entry.items())) if isinstance(entry, dict) else (entry, None)
        column = Column(name, *(given or _declared()["columns"][name])) if name else None
        if waiting and (column is None or column.marker != waiting):
            about = (
                f"`{SHOWN}` if the value is there. Otherwise, why it is not, or that it is revised."
            )
            found.append(Column(waiting, _declared()["markers"][waiting], "marker", about))
        if column:
            found.append(column)
            waiting = column.marker
    return tuple(found)


def columns_of_figures() -> tuple[Column, ...]:
    """Return the columns of the released figures by period."""
    return _columns(PERIOD.name)


def _periods(content: ReleaseContent) -> list[Row]:
    """Return the released periods, and the complete months of the plans, which are always shown."""
    today = content.as_at.astimezone(LONDON).date()
    open_months = [
        {**row, "period_end": last_day(row["period_start"], 1)}
        for row in content.tables[MEASURE.name]
        if POINTS[row["point_code"]].is_checklist and not row["is_suppressed"]
    ]
    rows = [
        *content.tables[PERIOD.name],
        *(row for row in open_months if row["period_end"] < today),
    ]
    return [
        {**row, "period_kind": period_kind(row, wording.counted_as())}
        for row in sorted(rows, key=lambda row: [row[name] for name in PERIOD.key])
    ]


def _marked(row: Row, content: ReleaseContent) -> Row:
    """Return a row with the interval of its share and with its markers."""
    is_strands = POINTS[row["point_code"]].is_checklist
    is_total = row.get("period_kind") in ("quarter", "financial_year")
    revised = {
        (one["measure_code"], one["period_start"], one["org_unit_code"])
        for one in content.notes["revisions"]
    }
    start = row.get("period_start", date.min).isoformat()
    place = (row.get("measure_code"), start, row.get("org_unit_code"))
    figure = "[r]" if place in revised and not is_total else SHOWN
    if row["numerator"] is None:
        figure = "[c]"
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
        blanks = {
            "period_marker": ("figures_from", "[c]" if row["is_suppressed"] else "[z]"),
            "second_marker": ("second_value", "[c]" if row["second_reading"] else "[z]"),
            "deadline_marker": ("deadline", "[z]"),
            "status_at_deadline_marker": (
                "status_at_deadline",
                "[x]" if row["deadline"] else "[z]",
            ),
        }
        marked["status_name"] = wording.statuses()[row["status"]][0]
        marked["answer"] = wording.answer(row)
        for marker, (name, blank) in blanks.items():
            marked[marker] = blank if row[name] is None else SHOWN
    return marked


def _withheld(content: ReleaseContent, periods: Sequence[Row]) -> list[Row]:
    settled = content.as_at.astimezone(LONDON).date() - timedelta(days=content.notes["settle_days"])
    rows = withheld(
        content.tables[MEASURE.name], periods, wording.counted_as(), wording.unreleased(), settled
    )
    return [
        {
            **row,
            "withheld_marker": _MARKERS.get(row["reason_code"], "[c]"),
            "reason": labels("withheld_because")[row["reason_code"]],
        }
        for row in rows
    ]


def _revised(row: Row) -> Row:
    kind, why = wording.revision(row)
    days = ("period_start", "period_end", "released_before_on")
    revised = {**row, **{name: date.fromisoformat(row[name]) for name in days}}
    for end in ("_before", ""):
        total = row[f"denominator{end}"]
        revised[f"value{end}"] = row[f"numerator{end}"] / total if total else None
        revised[f"value{end}_marker"] = SHOWN if total else "[z]"
    return {**revised, "revision_type": kind, "reason": why}


def _code_lists(content: ReleaseContent, periods: Sequence[Row]) -> Mapping[str, list[Row]]:
    """Return the rows that say what the codes in the other tables mean, by table."""
    rows = [*periods, *content.tables[MEASURE.name], *content.tables[POSITION.name]]
    measures = {row["measure_code"]: row["point_code"] for row in rows if "measure_code" in row}
    codes: dict[str, list[tuple[str, ...]]] = {
        "code_force": [(content.force_code, wording.force(content))],
        "code_point": [
            (code, wording.point(code), wording.question(code))
            for code in sorted({row["point_code"] for row in rows})
        ],
        "code_measure": [
            (code, measures[code], wording.measure(code), wording.about(code))
            for code in sorted(measures)
        ],
        "code_unit": [
            (code, wording.unit(code, content))
            for code in sorted({row["org_unit_code"] for row in periods})
        ],
        "code_status": [
            (code, name, meaning) for code, (name, meaning) in wording.statuses().items()
        ],
    }
    return {
        table: [
            dict(zip([column.name for column in _columns(table)], row, strict=True))
            for row in given
        ]
        for table, given in codes.items()
    }
