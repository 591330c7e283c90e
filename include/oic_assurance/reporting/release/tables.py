"""The tables of a release's files: figures, what is withheld, revisions, and lists of codes.

A cell without a value is blank, and the marker in a column of its own says why. The spreadsheet
writes the marker into the cell instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from oic_assurance.clock import LONDON
from oic_assurance.publishing.release_tables import MEASURE, PERIOD, POSITION, Kind
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


#: What the files leave out: a marker says it better, or it is a number below 0.
_LEFT_OUT = {"is_suppressed", "days_to_deadline", "second_reading"}
#: The marker column of each column that can be blank, and the title of each marker column.
_MARKERS = {
    "figures_from": "period_marker",
    "figures_to": "period_marker",
    "numerator": "figure_marker",
    "denominator": "figure_marker",
    "value": "value_marker",
    "ci_low": "interval_marker",
    "ci_high": "interval_marker",
    "second_numerator": "second_marker",
    "second_denominator": "second_marker",
    "second_value": "second_marker",
    "deadline": "deadline_marker",
    "status_at_deadline": "status_at_deadline_marker",
    "value_before": "value_before_marker",
}
_MARKER_TITLES = {
    "period_marker": "Marker of the days of the figures",
    "figure_marker": "Marker of the number and the total",
    "value_marker": "Marker of the share",
    "interval_marker": "Marker of the interval",
    "second_marker": "Marker of the second reading",
    "deadline_marker": "Marker of the deadline",
    "status_at_deadline_marker": "Marker of the status at the deadline",
    "value_before_marker": "Marker of the share before",
}
_INTERVAL = tuple(
    Column(
        name,
        f"Interval {end}",
        "share",
        f"{which} end of the 95% interval of the share (Wilson's), from 0 to 1.",
    )
    for name, end, which in (("ci_low", "from", "Lower"), ("ci_high", "to", "Upper"))
)
_KIND = Column(
    "period_kind",
    "Kind of period",
    "code",
    "`month`, `months` (several together), `month_end` (as at the last day), `quarter` or "
    "`financial_year`.",
)
_OF = {
    column.name: Column(column.name, column.title, column.kind, column.description)
    for table in (POSITION, PERIOD)
    for column in table.columns
}
_PERIOD_KEY = ("force_code", "measure_code", "period_start", "org_unit_code")


def _with(names: Iterable[str]) -> list[Column]:
    """Return released columns by name, with the interval behind the share."""
    found: list[Column] = []
    for name in names:
        found += [_OF[name], *(_INTERVAL if name == "value" else ())]
    return found


_POSITION = _with(name for name in POSITION.names if name not in _LEFT_OUT)
_PERIOD = [*_with(PERIOD.names[:3]), _KIND, *_with(PERIOD.names[3:])]


def file_tables(content: ReleaseContent) -> tuple[Table, ...]:
    """Return all tables of a release's files, the tables with figures first."""
    periods = _periods(content)
    total = quarters_and_years(periods, wording.counted_as())
    codes = code_lists(content, periods)
    force, point, measure, unit, status = (
        Reference(table.key, table.name, table.key) for table in codes
    )
    of_measures = (force, measure, point, unit)
    return (
        _table(
            POSITION.name,
            POSITION.title,
            POSITION.description,
            POSITION.key,
            _POSITION,
            [_marked(row, content) for row in content.tables[POSITION.name]],
            (force, point, status),
        ),
        _table(
            PERIOD.name,
            PERIOD.title,
            PERIOD.description,
            _PERIOD_KEY,
            _PERIOD,
            [_marked(row, content) for row in periods],
            of_measures,
        ),
        _table(
            "assurance_total",
            "Quarters and financial years",
            "One row per figure of a quarter or a financial year that released periods fill "
            "exactly. It is their sum or, for people and plans, the figure at the end.",
            ("force_code", "measure_code", "period_kind", "period_start", "org_unit_code"),
            _PERIOD,
            [_marked(row, content) for row in total],
            of_measures,
        ),
        _withheld(content, periods, (force, measure, point)),
        _revisions(content, (force, measure, unit)),
        *codes,
    )


def _table(
    name: str,
    title: str,
    description: str,
    key: tuple[str, ...],
    columns: Iterable[Column],
    rows: Sequence[Row],
    references: tuple[Reference, ...],
    markers: Mapping[str, str] = _MARKERS,
) -> Table:
    """Return a table. Behind the columns that can be blank, there is the column of their marker."""
    out: list[Column] = []
    for column in columns:
        marker = markers.get(column.name, "")
        if out and out[-1].marker not in ("", marker):
            out.append(_marker(out[-1].marker))
        out.append(replace(column, marker=marker))
    if out[-1].marker:
        out.append(_marker(out[-1].marker))
    return Table(name, title, description, key, tuple(out), rows, references)


def _marker(name: str) -> Column:
    about = f"`{SHOWN}` if the value is there. Otherwise, why it is not, or that it is revised."
    return Column(name, _MARKER_TITLES[name], "marker", about)


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
        *(row for row in open_months if row["period_end"] <= today),
    ]
    return [
        {**row, "period_kind": period_kind(row, wording.counted_as())}
        for row in sorted(rows, key=lambda row: [row[name] for name in _PERIOD_KEY])
    ]


def _marked(row: Row, content: ReleaseContent) -> Row:
    """Return a row with the interval of its share and with its markers."""
    is_strands = POINTS[row["point_code"]].is_checklist
    revised = {
        (one["measure_code"], one["period_start"], one["org_unit_code"])
        for one in content.notes["revisions"]
    }
    start = row.get("period_start", date.min).isoformat()
    place = (row.get("measure_code"), start, row.get("org_unit_code"))
    is_total = row.get("period_kind") in ("quarter", "financial_year")
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
        no_period = "[c]" if row["is_suppressed"] else "[z]"
        no_status = "[z]" if row["deadline"] is None else "[x]"
        no_second = "[z]" if row["second_reading"] is None else "[c]"
        marked |= {
            "period_marker": no_period if row["figures_from"] is None else SHOWN,
            "second_marker": no_second if row["second_value"] is None else SHOWN,
            "deadline_marker": "[z]" if row["deadline"] is None else SHOWN,
            "status_at_deadline_marker": no_status if row["status_at_deadline"] is None else SHOWN,
        }
    return marked


def _withheld(
    content: ReleaseContent, periods: Sequence[Row], references: tuple[Reference, ...]
) -> Table:
    settled = content.as_at.astimezone(LONDON).date() - timedelta(days=content.notes["settle_days"])
    rows = withheld(
        content.tables[MEASURE.name], periods, wording.counted_as(), wording.added_up(), settled
    )
    columns = (
        *(_OF[name] for name in ("force_code", "measure_code", "point_code")),
        Column(
            "units", "Of", "code", "ALL for the whole force, DISTRICTS, or EVERYTHING for both."
        ),
        Column("period_start", "From", "date", "First day of the first month."),
        Column("period_end", "To", "date", "Last day of the last month."),
        Column("months", "Months", "count", "How many months these are."),
        Column("withheld_marker", "Marker", "marker", "What kind of reason it is."),
        Column("reason_code", "Reason, as a code", "code", "Why no figure is shown, as a code."),
        Column("reason", "Why", "text", "Why no figure is shown."),
    )
    return Table(
        "assurance_withheld",
        "What is withheld, and why",
        "One row per run of months of a measure for which no figure is shown, of the force or of "
        "its districts. It follows from the released figures and the rule alone.",
        ("force_code", "measure_code", "units", "period_start"),
        columns,
        [
            {
                **row,
                "withheld_marker": "[x]" if row["reason_code"] == "not_settled" else "[c]",
                "reason": labels("withheld_because")[row["reason_code"]],
            }
            for row in rows
        ],
        references,
    )


def _revisions(content: ReleaseContent, references: tuple[Reference, ...]) -> Table:
    def numbers(when: str, end: str) -> list[Column]:
        which = "that" if end else "this"
        return [
            Column(f"numerator{end}", f"Number {when}", "count", f"Number in {which} release."),
            Column(f"denominator{end}", f"Out of, {when}", "count", f"Total in {which} release."),
            Column(
                f"value{end}",
                f"Share {when}",
                "share",
                f"Share in {which} release, from 0 to 1, unrounded.",
            ),
        ]

    columns = (
        *(_OF[name] for name in (*_PERIOD_KEY[:3], "period_end", "org_unit_code")),
        Column(
            "release_before", "Release before", "whole", "Release that showed the figure before."
        ),
        Column("released_before_on", "Day of it", "date", "Day of that release."),
        *numbers("before", "_before"),
        *numbers("now", ""),
        Column(
            "revision_type",
            "Kind of revision",
            "code",
            "`planned`: the revision policy provides for it. `unplanned`: it corrects a release "
            "that was withdrawn.",
        ),
        Column("reason", "Why", "text", "Why the figure differs."),
    )
    return _table(
        "assurance_revision",
        "Revised figures",
        "One row per figure that differs from the newest earlier release of the same figure: what "
        "it was, what it is, since which release, and why.",
        _PERIOD_KEY,
        columns,
        [_revised(row) for row in content.notes["revisions"]],
        (*references, Reference(_PERIOD_KEY, PERIOD.name, _PERIOD_KEY)),
        {"value_before": "value_before_marker", "value": "value_marker"},
    )


def _revised(row: Row) -> Row:
    kind, why = wording.revision(row)
    days = ("period_start", "period_end", "released_before_on")
    revised = {**row, **{name: date.fromisoformat(row[name]) for name in days}}
    for end in ("_before", ""):
        total = row[f"denominator{end}"]
        revised[f"value{end}"] = row[f"numerator{end}"] / total if total else None
        revised[f"value{end}_marker"] = SHOWN if total else "[z]"
    return {**revised, "revision_type": kind, "reason": why}


def code_lists(content: ReleaseContent, periods: Sequence[Row]) -> tuple[Table, ...]:
    """Return the tables that say what the codes in the other tables mean."""
    rows = [*periods, *content.tables[MEASURE.name], *content.tables[POSITION.name]]
    measures = {row["measure_code"]: row["point_code"] for row in rows if "measure_code" in row}
    units = sorted({row["org_unit_code"] for row in periods})
    title, meaning = ("title", "Name", "In words."), ("description", "Meaning", "What it means.")
    lists: tuple[
        tuple[str, str, tuple[tuple[str, str, str], ...], Sequence[Sequence[Any]]], ...
    ] = (
        ("force", "Police force", (title,), [(content.force_code, wording.force(content))]),
        (
            "point",
            "Assurance point",
            (title, meaning),
            [
                (code, wording.point(code), wording.question(code))
                for code in sorted({row["point_code"] for row in rows})
            ],
        ),
        (
            "measure",
            "Measure",
            (("point_code", "Assurance point", "Code of its assurance point."), title, meaning),
            [
                (code, measures[code], wording.measure(code), wording.about(code))
                for code in sorted(measures)
            ],
        ),
        ("unit", "Unit", (title,), [(code, wording.unit(code, content)) for code in units]),
        (
            "status",
            "Status",
            (title, ("answer", "Answer", "Whether the point is met."), meaning),
            [
                (code, name, labels("answer_of_status")[code], labels("meaning_of_status")[code])
                for code, name in labels("status").items()
            ],
        ),
    )
    keys = {"unit": "org_unit_code", "status": "status"}
    return tuple(
        Table(
            f"code_{kind}",
            f"Codes: {word.lower()}",
            "One row per code of this kind in the other tables.",
            (key := keys.get(kind, f"{kind}_code"),),
            columns := (
                Column(key, word, "code", f"{word}, as a code."),
                *(
                    Column(name, head, "code" if name.endswith("_code") else "text", about)
                    for name, head, about in others
                ),
            ),
            [dict(zip([one.name for one in columns], row, strict=True)) for row in given],
            (Reference(("point_code",), "code_point", ("point_code",)),)
            if kind == "measure"
            else (),
        )
        for kind, word, others, given in lists
    )
