"""The tables of a public release: which columns it contains, and what each means to the public.

A column of the draft is released only if it is listed here. So a column that somebody adds to a
model of the public draft stays unreleased until somebody lists it here. The tables in schema
`public_release` have the same columns, and also `release_id`.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["code", "text", "count", "share", "date", "moment", "yes_or_no", "whole"]


@dataclass(frozen=True)
class ReleaseColumn:
    """A column of a released table.

    Attributes:
        title: The column's heading in words.
        kind: What the values are, which decides their type in the files.
        blank: Why a value can be missing: `withheld` (so that nobody can be identified) or
            `not_applicable`. None if every row has a value.
    """

    name: str
    title: str
    kind: Kind
    description: str
    blank: Literal["withheld", "not_applicable"] | None = None


@dataclass(frozen=True)
class ReleaseTable:
    """A released table. `key` names the columns that identify a row."""

    name: str
    title: str
    description: str
    key: tuple[str, ...]
    columns: tuple[ReleaseColumn, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, in their order."""
        return tuple(column.name for column in self.columns)


_FORCE = ReleaseColumn("force_code", "Police force", "code", "ONS police force area code.")
_POINT = ReleaseColumn("point_code", "Assurance point", "code", "Code of the assurance point.")
_MEASURE = ReleaseColumn("measure_code", "Measure", "code", "Code of the measure.")
_PUBLICATION = ReleaseColumn(
    "publication_id",
    "Publication",
    "whole",
    "Number of the internal publication that the release was made from.",
)


def _figures(blank: Literal["withheld"] | None) -> tuple[ReleaseColumn, ...]:
    return (
        ReleaseColumn(
            "numerator", "Number", "count", "How many of them are as they should be.", blank
        ),
        ReleaseColumn("denominator", "Out of", "count", "How many there are in all.", blank),
        ReleaseColumn(
            "value", "Share", "share", "Number divided by out of, from 0 to 1, unrounded.", blank
        ),
    )


POSITION = ReleaseTable(
    name="assurance_position",
    title="The assurance points",
    description=(
        "One row per assurance point: its figures, its target, and its status on the same day."
    ),
    key=("force_code", "point_code"),
    columns=(
        _FORCE,
        _POINT,
        ReleaseColumn(
            "as_at", "As at", "moment", "The moment of the records that the figures are made from."
        ),
        ReleaseColumn(
            "status_on",
            "Day of the status",
            "date",
            "The day that the status and the figures are for.",
        ),
        ReleaseColumn("status", "Status", "code", "Status of the point on that day."),
        ReleaseColumn(
            "is_suppressed",
            "Withheld",
            "yes_or_no",
            "Whether the figures are withheld, because no figure may be shown.",
        ),
        ReleaseColumn(
            "figures_from",
            "Figures from",
            "date",
            "First day of the figures. Blank if they are for the moment of the status.",
            "not_applicable",
        ),
        ReleaseColumn(
            "figures_to",
            "Figures to",
            "date",
            "Last day of the figures. Blank if they are for the moment of the status.",
            "not_applicable",
        ),
        *_figures("withheld"),
        ReleaseColumn(
            "target", "Target", "share", "Share that the figure must reach, from 0 to 1."
        ),
        ReleaseColumn(
            "policy_confirmed",
            "Confirmed",
            "yes_or_no",
            "Whether somebody has confirmed the rule, the target and the deadline. If not, the "
            "figure is provisional.",
        ),
        ReleaseColumn(
            "second_reading",
            "Second reading",
            "code",
            "The other measure by which the requirement can be read.",
            "not_applicable",
        ),
        ReleaseColumn(
            "second_numerator",
            "Number, second reading",
            "count",
            "How many are as they should be, by the second reading, over the same days.",
            "withheld",
        ),
        ReleaseColumn(
            "second_denominator",
            "Out of, second reading",
            "count",
            "How many the second reading counts, over the same days.",
            "withheld",
        ),
        ReleaseColumn(
            "second_value",
            "Share, second reading",
            "share",
            "Share by the second reading, from 0 to 1, unrounded.",
            "withheld",
        ),
        ReleaseColumn(
            "deadline", "Deadline", "date", "Day by which the point is due.", "not_applicable"
        ),
        ReleaseColumn(
            "days_to_deadline",
            "Days to the deadline",
            "whole",
            "Days from the day of the status to the deadline, negative after it.",
            "not_applicable",
        ),
        ReleaseColumn(
            "status_at_deadline",
            "Status at the deadline",
            "code",
            "Status on the day of the deadline, once that day is over.",
            "not_applicable",
        ),
        ReleaseColumn(
            "source_status",
            "State of the sources",
            "code",
            "Whether the sources of the point were up to date: fresh, stale or failed.",
        ),
        _PUBLICATION,
    ),
)

PERIOD = ReleaseTable(
    name="assurance_period",
    title="Released figures by period",
    description=(
        "One row per released figure. A period is one month, or several months together if the "
        "numbers of one month are too small to be shown."
    ),
    key=("force_code", "measure_code", "period_start", "org_unit_code"),
    columns=(
        _FORCE,
        _MEASURE,
        _POINT,
        ReleaseColumn("period_start", "From", "date", "First day of the period."),
        ReleaseColumn("period_end", "To", "date", "Last day of the period."),
        ReleaseColumn(
            "org_unit_code",
            "Unit",
            "code",
            "ALL for the whole force, a district, or REST for what is in no district.",
        ),
        *_figures(None),
        _PUBLICATION,
    ),
)

MEASURE = ReleaseTable(
    name="assurance_measure",
    title="All months and districts",
    description=(
        "One row per measure, month and unit, so that a missing row tells nothing. Figures are "
        "withheld if the month was not released by itself."
    ),
    key=("force_code", "measure_code", "period_start", "org_unit_code"),
    columns=(
        _FORCE,
        _MEASURE,
        _POINT,
        ReleaseColumn("period_start", "Month", "date", "First day of the month."),
        ReleaseColumn("org_unit_code", "Unit", "code", "ALL for the whole force, or a district."),
        ReleaseColumn(
            "is_suppressed",
            "Withheld",
            "yes_or_no",
            "Whether the figures are withheld: the month was not released, or only with others.",
        ),
        *_figures("withheld"),
        _PUBLICATION,
    ),
)

RELEASE_TABLES = (POSITION, PERIOD, MEASURE)
