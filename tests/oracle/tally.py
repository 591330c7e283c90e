"""Counts by measure, month and unit, and the rows of `assurance_measure` computed from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .clock import months
from .stats import percentile, ratio, wilson

ALL = "ALL"
Key = tuple[str, date, str]


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
        self.starts: dict[str, date] = {}
        self.percentiles: dict[str, float] = {}
        self.counts: dict[Key, list[int]] = {}
        self.hours: dict[Key, list[float]] = {}

    def begin(self, start: date, *measures: str) -> None:
        """Say that measures are counted from a day on. They have rows even without records."""
        self.starts |= dict.fromkeys(measures, start)

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
        for measure, start in self.starts.items():
            for month in months(start, today):
                rows[measure, month, ALL] = _row(self, (measure, month, ALL))
        for key in [*self.counts, *self.hours]:
            if key[1] >= self.starts[key[0]].replace(day=1):
                rows[key] = _row(self, key)
        return rows


def _row(tally: Tally, key: Key) -> MeasureRow:
    """Return the row of one measure, month and unit.

    Contract: a percentile has "numerator and interval null".
    """
    if key[0] in tally.percentiles:
        hours = tally.hours.get(key, [])
        value = percentile(hours, tally.percentiles[key[0]])
        return MeasureRow(None, len(hours), value, None, None)
    numerator, denominator = tally.counts.get(key, [0, 0])
    return MeasureRow(
        numerator, denominator, ratio(numerator, denominator), *wilson(numerator, denominator)
    )
