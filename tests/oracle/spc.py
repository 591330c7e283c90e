"""Compute `assurance_spc` a second time, in plain Python: limits, variation and assurance.

The contract's sources are `board.md` ("XmR, as the NHS does it") and `docs/explanation/spc.md`. The
rules that need several months are tested on every window of three or seven months in a row.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import fmean

from .policy import points, target_share

#: Shares that are computed in two ways can differ by this much.
SLACK = 1e-9


@dataclass(frozen=True)
class Month:
    """A month of a series. A month in hours has no numerator."""

    start: date
    numerator: int | None
    denominator: int
    value: float | None
    is_complete: bool = True


@dataclass(frozen=True)
class Series:
    """The months of a measure, in order, and what decides its limits.

    `baselines` has the first month of each decided baseline. It also has the last month if the
    decision fixed it, otherwise None.
    """

    months: Sequence[Month]
    is_hours: bool = False
    is_snapshot: bool = False
    target: float | None = None
    baselines: Sequence[tuple[date, date | None]] = ()

    def scaled(self, month: Month) -> float:
        """Return the value of a month on the scale of the limits, which for hours is a logarithm.

        With the inverse hyperbolic sine instead of ln, the scale holds for 0 and less too.
        """
        value = month.value or 0.0
        return math.asinh(value) if self.is_hours else value


@dataclass
class Row:
    """What `assurance_spc` should show for one month."""

    kind: str | None
    baseline_from: date
    baseline_months: int
    centre: float | None = None
    lower: float | None = None
    upper: float | None = None
    variation: str | None = None
    special_cause: str | None = None
    assurance: str | None = None


@dataclass
class _Marks:
    """For each rule, how it marks a month: 1 for up, -1 for down, 0 for no mark."""

    outside_limits: int = 0
    two_of_three: int = 0
    run_of_seven: int = 0
    trend_of_seven: int = 0


@dataclass
class _Limits:
    kind: str | None
    centre: float = 0.0
    #: The distance to each limit, for an average month (XMR) or for a month with one case.
    reach: float = 0.0
    by_denominator: bool = False
    baseline_months: int = field(default=0)

    def reach_of(self, denominator: int) -> float | None:
        """Return the distance from the centre to each limit, or None for a month without cases."""
        if not self.by_denominator:
            return self.reach
        return self.reach / math.sqrt(denominator) if denominator else None


def control_rows(series: Series) -> dict[date, Row]:
    """Return the row of every month of a series."""
    rows: dict[date, Row] = {}
    for begins, ends, months in _segments(series):
        used = [m for m in months if _is_point(m) and (ends is None or m.start <= ends)]
        limits = _limits(series, used)
        points = [m for m in months if _is_point(m)]
        marks = _marks(series, limits, points)
        for month in months:
            row = _row(series, month, begins, limits, marks.get(month.start))
            rows[month.start] = row
            last_seven = [m.start for m in points if m.start <= month.start][-7:]
            if not any(any(vars(marks[start]).values()) for start in last_seven if start in marks):
                row.assurance = _assurance(series, row) if _is_point(month) else None
    return rows


def _is_point(month: Month) -> bool:
    return month.is_complete and month.value is not None


def _segments(series: Series) -> Iterator[tuple[date, date | None, list[Month]]]:
    """Yield each baseline: its first month, its last month, and the months to which it applies.

    The last month is None if no decision fixed it.
    """
    first = series.months[0].start
    begun: dict[date, tuple[date | None, list[Month]]] = {}
    for month in series.months:
        begins, ends = max(
            ((b, e) for b, e in series.baselines if b <= month.start),
            default=(first, None),
            key=lambda decided: decided[0],
        )
        begun.setdefault(max(begins, first), (ends, []))[1].append(month)
    for begins, (ends, months) in begun.items():
        yield begins, ends, months


def _limits(series: Series, used: Sequence[Month]) -> _Limits:
    values = [series.scaled(month) for month in used]
    if series.is_snapshot and used and max(month.denominator for month in used) < 10:
        return _Limits(None, baseline_months=len(used))
    if len(used) < 12:
        return _Limits(None, baseline_months=len(used))
    xmr = _Limits("XMR", fmean(values), 2.66 * _mean_range(values), baseline_months=len(used))
    if series.is_hours or series.is_snapshot:
        return xmr
    cases = [month.denominator for month in used]
    share = sum(month.numerator or 0 for month in used) / sum(cases)
    usual = fmean(cases)
    alike = all(0.75 * usual <= n <= 1.25 * usual for n in cases)
    if alike and min(cases) * min(share, 1 - share) >= 5:
        return xmr
    of_one = math.sqrt(share * (1 - share))
    plain = _Limits("P", share, 3 * of_one, by_denominator=True, baseline_months=len(used))
    if of_one == 0:
        return plain
    scores = [
        (value - share) / (of_one / math.sqrt(n)) for value, n in zip(values, cases, strict=True)
    ]
    sigma_z = _mean_range(scores) / 1.128
    dispersion = fmean(score * score for score in scores)
    if sigma_z > 1 and dispersion > 1 + 2 * math.sqrt(2 / len(used)):
        return _Limits(
            "LANEY_P",
            share,
            3 * of_one * sigma_z,
            by_denominator=True,
            baseline_months=len(used),
        )
    return plain


def _mean_range(values: Sequence[float]) -> float:
    return fmean(abs(b - a) for a, b in itertools.pairwise(values))


def _marks(series: Series, limits: _Limits, points: Sequence[Month]) -> dict[date, _Marks]:
    if limits.kind is None:
        return {}
    marks = [_Marks() for _ in points]
    values = [series.scaled(point) for point in points]
    gaps = [value - limits.centre for value in values]
    reaches = [limits.reach_of(point.denominator) or 0.0 for point in points]
    for sign in (1, -1):
        _mark_far_months(marks, sign, gaps, reaches)
        _mark_runs(marks, sign, gaps)
    _mark_trends(marks, values)
    return {point.start: mark for point, mark in zip(points, marks, strict=True)}


def _mark_far_months(
    marks: list[_Marks], sign: int, gaps: list[float], reaches: list[float]
) -> None:
    far = set()
    for place, (gap, reach) in enumerate(zip(gaps, reaches, strict=True)):
        if sign * gap > reach + SLACK:
            marks[place].outside_limits = sign
        if sign * gap > 2 * reach / 3 + SLACK:
            far.add(place)
    for three in _windows(len(marks), 3):
        near = far.intersection(three)
        is_one_side = all(sign * gaps[place] > SLACK for place in three)
        if is_one_side and len(near) >= 2:
            for place in near:
                marks[place].two_of_three = sign


def _mark_runs(marks: list[_Marks], sign: int, gaps: list[float]) -> None:
    for seven in _windows(len(marks), 7):
        if all(sign * gaps[place] > SLACK for place in seven):
            for place in seven:
                marks[place].run_of_seven = sign


def _mark_trends(marks: list[_Marks], values: list[float]) -> None:
    for seven in _windows(len(marks), 7):
        steps = [values[place + 1] - values[place] for place in seven[:-1]]
        for sign in (1, -1):
            if all(sign * step > SLACK for step in steps):
                for place in seven:
                    # A month that ends one trend and begins the next belongs to the earlier trend.
                    marks[place].trend_of_seven = marks[place].trend_of_seven or sign


def _windows(length: int, size: int) -> list[range]:
    """Return the places of every `size` months in a row, the earliest first."""
    return [range(begin, begin + size) for begin in range(length - size + 1)]


def _row(series: Series, month: Month, begins: date, limits: _Limits, marks: _Marks | None) -> Row:
    row = Row(limits.kind, begins, limits.baseline_months)
    if limits.kind is None:
        return row
    row.centre = limits.centre
    reach = limits.reach_of(month.denominator)
    if reach is not None:
        row.lower, row.upper = limits.centre - reach, limits.centre + reach
        if series.is_hours:
            row.centre = math.sinh(limits.centre)
            row.lower, row.upper = math.sinh(row.lower), math.sinh(row.upper)
        else:
            row.lower, row.upper = max(row.lower, 0.0), min(row.upper, 1.0)
    if marks is None:
        return row
    row.variation = "COMMON"
    for rule, direction in vars(marks).items():
        if direction:
            row.special_cause = rule.upper()
            is_good = (direction > 0) != series.is_hours
            row.variation = "IMPROVING" if is_good else "CONCERNING"
            break
    return row


def _assurance(series: Series, row: Row) -> str | None:
    if series.target is None or row.lower is None or row.upper is None:
        return None
    best, worst = (row.lower, row.upper) if series.is_hours else (row.upper, row.lower)
    is_as_good_as = operator.le if series.is_hours else operator.ge
    if is_as_good_as(worst, series.target):
        return "MEETS"
    return "HIT_OR_MISS" if is_as_good_as(best, series.target) else "WILL_NOT_MEET"


def series_of(measure: str, months: Sequence[Month], today: date) -> Series:
    """Return the series of a measure of the contract, with the target of today.

    Decided baselines are left out: the contract's default policy has none.
    """
    of_point = [code for code, row in points(today).items() if row["measure_code"] == measure]
    return Series(
        months,
        is_hours="hours" in measure,
        is_snapshot=not measure.startswith("nccu"),
        target=target_share(of_point[0], today) if of_point else None,
    )
