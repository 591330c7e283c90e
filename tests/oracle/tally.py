"""Counts by measure, month and unit, and the rows of `assurance_measure` computed from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .clock import months
from .policy import starts_on
from .stats import percentile, ratio, wilson

ALL = "ALL"
Key = tuple[str, date, str]

MEASURES = (
    "nccu_intel_compliance",
    "nccu_intel_compliance_all_types",
    "nccu_intel_in_time",
    "nccu_hours_to_submission_p50",
    "nccu_hours_to_submission_p90",
    "nccu_capture_completeness",
    "intel_plan_strands_met",
    "hydra_completion",
    "hydra_completion_incl_absent",
    "elearning_completion",
    "elearning_completion_incl_absent",
    "elearning_module_1",
    "elearning_module_2",
    "elearning_module_3",
    "elearning_module_4",
)
PERCENTILES = {"nccu_hours_to_submission_p50": 0.5, "nccu_hours_to_submission_p90": 0.9}


def point_of(measure: str) -> str:
    """Return the code of the assurance point to which a measure belongs."""
    prefixes = {"nccu": "NCCU_INTEL", "intel": "INTEL_PLAN", "hydra": "HYDRA"}
    return prefixes.get(measure.split("_")[0], "ELEARNING")


@dataclass
class MeasureRow:
    """The figures of one row of `assurance_measure`."""

    numerator: int | None
    denominator: int
    value: float | None
    ci_low: float | None
    ci_high: float | None


class Tally:
    """Numerators, denominators and hours by measure, month and unit."""

    def __init__(self) -> None:
        self.counts: dict[Key, list[int]] = {}
        self.hours: dict[Key, list[float]] = {}

    def add(self, measure: str, month: date, units: list[str], hit: bool) -> None:
        """Add one record to a measure, for every unit given and for `ALL`.

        The denominator grows by one. If `hit`, the numerator grows by one too.
        """
        for unit in [*units, ALL]:
            count = self.counts.setdefault((measure, month, unit), [0, 0])
            count[0] += int(hit)
            count[1] += 1

    def add_hours(self, measure: str, month: date, units: list[str], hours: float) -> None:
        """Add a referral's hours to the values of a percentile, for every unit and for `ALL`."""
        for unit in [*units, ALL]:
            self.hours.setdefault((measure, month, unit), []).append(hours)

    def rows(self, today: date) -> dict[Key, MeasureRow]:
        """Return the rows of `assurance_measure`.

        Contract: "Rows exist for every month since January 2025 (training: since its launch), every
        team that has a denominator and every unit above it, and `ALL`".
        """
        rows = {}
        starts = {measure: starts_on(point_of(measure), today) for measure in MEASURES}
        for measure, start in starts.items():
            for month in months(start, today):
                rows[measure, month, ALL] = _row(self, (measure, month, ALL))
        for key in [*self.counts, *self.hours]:
            if key[1] >= starts[key[0]].replace(day=1):
                rows[key] = _row(self, key)
        return rows


def _row(tally: Tally, key: Key) -> MeasureRow:
    """Return the row of one measure, month and unit.

    Contract: a percentile has "numerator and interval null".
    """
    if key[0] in PERCENTILES:
        hours = tally.hours.get(key, [])
        return MeasureRow(None, len(hours), percentile(hours, PERCENTILES[key[0]]), None, None)
    numerator, denominator = tally.counts.get(key, [0, 0])
    return MeasureRow(
        numerator, denominator, ratio(numerator, denominator), *wilson(numerator, denominator)
    )
