"""Compute when each point with a deadline would reach its target, in plain Python.

The contract names the columns `required_per_week`, `recent_per_week` and `forecast_date`. What they
mean is said in `docs/explanation/forecast.md`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from .clock import days
from .known import Known, full_as_at
from .policy import target_share, threshold
from .position import PointDay, Position
from .stats import wilson

HALF_A_YEAR = timedelta(weeks=26)
TWO_YEARS_IN_WEEKS = 104


@dataclass
class Forecast:
    """The columns of `assurance_position` that look ahead. Without a deadline, all are blank."""

    outstanding: int | None = None
    required_per_week: float | None = None
    required_by: date | None = None
    recent_per_week: float | None = None
    pace_weeks: int | None = None
    pace_since: date | None = None
    forecast_date: date | None = None
    forecast_earliest: date | None = None
    forecast_latest: date | None = None
    places_scheduled: int | None = None
    places_short: int | None = None
    places_short_low: int | None = None
    places_short_high: int | None = None


@dataclass
class Pace:
    """The net change of a number each week, in the latest, the best and the worst few weeks."""

    since: date
    recent: float
    fastest: float
    slowest: float


def forecasts(
    known: Known,
    as_at: datetime,
    today: date,
    positions: Mapping[str, Position],
    daily: Mapping[tuple[str, date], PointDay],
) -> dict[str, Forecast]:
    """Return the forecast of each point."""
    found = {}
    for point, position in positions.items():
        if position.deadline is None:
            found[point] = Forecast()
            continue
        numbers = {day: row.numerator for (code, day), row in daily.items() if code == point}
        one = _by_pace(point, position, position.deadline, numbers, today)
        if point == "HYDRA" and one.outstanding:
            limit_by_places(one, _sessions(known, as_at), today)
        if position.source_status != "fresh":
            one.forecast_date = one.forecast_earliest = one.forecast_latest = None
            one.places_short = one.places_short_low = one.places_short_high = None
        found[point] = one
    return found


def pace(numbers: Mapping[date, int], today: date, weeks: int) -> Pace | None:
    """Return the pace over each so many weeks of the last half year, or None without any."""
    paces = {
        day: (numbers[day + timedelta(weeks=weeks)] - numbers[day]) / weeks
        for day in days(today - HALF_A_YEAR, today - timedelta(weeks=weeks))
        if day in numbers
    }
    if not paces:
        return None
    recent = paces[today - timedelta(weeks=weeks)]
    return Pace(min(paces), recent, max(paces.values()), min(paces.values()))


def day_at(outstanding: int, per_week: float, today: date) -> date | None:
    """Return the day on which nothing is outstanding any more, or None if it is too far away."""
    if outstanding <= 0 or per_week <= 0 or outstanding >= TWO_YEARS_IN_WEEKS * per_week:
        return None
    return today + timedelta(days=math.ceil(7 * outstanding / per_week))


def _by_pace(
    point: str, position: Position, deadline: date, numbers: Mapping[date, int], today: date
) -> Forecast:
    share, weeks = target_share(point, today), int(threshold("run_rate_weeks", today))
    is_met = position.value is not None and position.value >= share
    # As a fraction, 0.55 of 100 is 55, and not a little more.
    needed = math.ceil(Fraction(str(share)) * position.denominator)
    outstanding = 0 if is_met else needed - position.numerator
    cycle = timedelta(weeks=threshold("recovery_weeks", today))
    by = deadline if today < deadline else today + cycle
    found = Forecast(outstanding, outstanding / ((by - today).days / 7), by)
    measured = pace(numbers, today, weeks)
    if measured is not None:
        found.pace_weeks, found.pace_since = weeks, measured.since
        found.recent_per_week = measured.recent
        found.forecast_date = day_at(outstanding, measured.recent, today)
        found.forecast_earliest = day_at(outstanding, measured.fastest, today)
        found.forecast_latest = day_at(outstanding, measured.slowest, today)
    return found


def _sessions(known: Known, as_at: datetime) -> list[tuple[date, int, int]]:
    """Return the day, the places and the passes of each Hydra session, in their order."""
    delivery = full_as_at(known, "hydra/attendance", as_at)
    if delivery is None:
        return []
    passed: dict[str, set[str]] = {}
    for row in delivery.sheets["Attendance"]:
        if row["attended"] == "Y" and row["outcome"] == "PASS":
            passed.setdefault(row["session_code"], set()).add(row["employee_no"])
    return sorted(
        (row["session_date"], row.get("capacity") or 0, len(passed.get(row["session_code"], ())))
        for row in delivery.sheets["Sessions"]
        if row["session_date"] is not None
    )


def limit_by_places(one: Forecast, sessions: list[tuple[date, int, int]], today: date) -> None:
    """Let the places of the sessions to come decide, if there are such sessions."""
    ahead = [(day, places) for day, places, _ in sessions if day >= today]
    if not ahead:
        return
    held = [(places, passes) for day, places, passes in sessions if day < today]
    all_places = sum(places for places, _ in held)
    used = min(sum(passes for _, passes in held), all_places)
    low, high = wilson(used, all_places)
    shares = (1.0, 1.0, 1.0)
    if low is not None and high is not None:
        shares = (used / all_places, low, high)
    one.places_scheduled = sum(places for _, places in ahead)
    one.forecast_date, one.forecast_latest = _first_enough(one, ahead, shares[0]), None
    one.forecast_earliest = _first_enough(one, ahead, shares[2])
    if shares[0] > 0:
        one.places_short, one.places_short_high, one.places_short_low = (
            max(math.ceil((one.outstanding or 0) / share) - one.places_scheduled, 0)
            for share in shares
        )


def _first_enough(one: Forecast, ahead: list[tuple[date, int]], share: float) -> date | None:
    places = 0
    for day, more in ahead:
        places += more
        if places * share >= (one.outstanding or 0):
            return day
    return None
