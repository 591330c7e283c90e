"""What follows from released periods alone: quarters and years, and what is withheld.

Both are functions of the released tables and of the calendar, so they tell nothing that the
released tables do not tell (docs/explanation/disclosure-control.md).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter

from oic_assurance.publishing.releases import Row

ALL = "ALL"
#: The units of a row of `withheld`, besides `ALL`.
DISTRICTS, EVERYTHING = "DISTRICTS", "EVERYTHING"
#: The figures of a measure: by period, and then by unit.
Periods = dict[tuple[date, date], dict[str, Row]]


def period_kind(row: Row, counted_as: Mapping[str, str]) -> str:
    """Return what the period of a figure is: one month, several, or the end of a month."""
    if counted_as[row["measure_code"]] != "events":
        return "month_end"
    return "month" if _months(row["period_start"], row["period_end"]) == 1 else "months"


def quarters_and_years(rows: Sequence[Row], counted_as: Mapping[str, str]) -> list[Row]:
    """Return the figures of the quarters and financial years that released periods fill exactly.

    A figure of records is the sum of the periods. A figure of people or plans is that of the last
    month end. A unit has a figure if all periods show units.
    """
    found = []
    for (_, measure), periods in _by_measure(rows).items():
        days = [day for period in periods for day in period]
        for kind, months, start in _spans(min(days), max(days)):
            end = last_day(start, months)
            if counted_as[measure] == "events":
                inside = [one for one in periods if start <= one[0] and one[1] <= end]
                is_filled = sum(_months(*one) for one in inside) == months
            else:
                inside = [one for one in periods if one[1] == end]
                is_filled = bool(inside)
            if not is_filled:
                continue
            shown = [periods[one] for one in inside]
            for unit in _shared_units(shown):
                figures = [units[unit] for units in shown if unit in units]
                numerator, denominator = (
                    sum(row[name] for row in figures) for name in ("numerator", "denominator")
                )
                if not denominator:
                    continue
                found.append(
                    {
                        **figures[0],
                        "period_kind": kind,
                        "period_start": start,
                        "period_end": end,
                        "numerator": numerator,
                        "denominator": denominator,
                        "value": numerator / denominator,
                    }
                )
    return found


def withheld(
    months: Sequence[Row],
    rows: Sequence[Row],
    counted_as: Mapping[str, str],
    unreleased: Mapping[str, str],
    settled_until: date,
) -> list[Row]:
    """Return each run of months of which no figure is shown, with the reason as a code.

    `months` are all months of all measures, and `rows` the released periods. `counted_as` has
    the measures that policy releases, and `unreleased` why the others are not, as a code. A month
    is settled if it ends on `settled_until` or earlier.
    """
    grid: dict[tuple[str, str, str], dict[date, dict[str, bool]]] = defaultdict(dict)
    for row in months:
        key = (row["force_code"], row["measure_code"], row["point_code"])
        month = grid[key].setdefault(row["period_start"], {})
        side = ALL if row["org_unit_code"] == ALL else DISTRICTS
        month[side] = month.get(side, False) or not row["is_suppressed"]
    by_measure = _by_measure(rows)
    found = []
    for (force, measure, point), shown in sorted(grid.items()):
        periods = by_measure.get((force, measure), {})
        # The first period of events begins with the first record.
        begun = min(periods)[0] if periods and counted_as.get(measure) == "events" else date.min
        for units in (ALL, DISTRICTS) if measure in counted_as else (EVERYTHING,):
            reasons = [
                (day, (unreleased[measure], None))
                if units == EVERYTHING
                else (day, ("no_record", None))
                if day < begun
                else (day, _reason(day, units, shown[day], periods, settled_until))
                for day in sorted(shown)
                if units == EVERYTHING or units in shown[day]
            ]
            for (reason, _), run in groupby(reasons, key=itemgetter(1)):
                days = [day for day, _ in run]
                if reason:
                    found.append(
                        {
                            "force_code": force,
                            "measure_code": measure,
                            "point_code": point,
                            "units": units,
                            "period_start": days[0],
                            "period_end": last_day(days[-1], 1),
                            "months": len(days),
                            "reason_code": reason,
                        }
                    )
    return found


def _reason(
    month: date, units: str, shown: Mapping[str, bool], periods: Periods, settled_until: date
) -> tuple[str, date | None]:
    """Return why a month is withheld, or nothing, and the period that it is shown in."""
    if shown[units]:
        return "", None
    inside = next((period for period in periods if period[0] <= month <= period[1]), None)
    if inside is None:
        return ("too_few" if last_day(month, 1) <= settled_until else "not_settled"), None
    if units == ALL or len(periods[inside]) > 1:
        return "joined", inside[0]
    # Of nothing, there is nothing to withhold.
    return ("too_few" if periods[inside][ALL]["denominator"] else ""), None


def last_day(start: date, months: int) -> date:
    """Return the last day of a number of months that begin on the day `start`."""
    place = start.year * 12 + start.month - 1 + months
    return date(place // 12, place % 12 + 1, 1) - timedelta(days=1)


def _by_measure(rows: Sequence[Row]) -> dict[tuple[str, str], Periods]:
    found: dict[tuple[str, str], Periods] = defaultdict(dict)
    for row in rows:
        periods = found[row["force_code"], row["measure_code"]]
        period = (row["period_start"], row["period_end"])
        periods.setdefault(period, {})[row["org_unit_code"]] = row
    return found


def _spans(first: date, last: date) -> Iterator[tuple[str, int, date]]:
    """Yield each quarter and financial year between two days: kind, months and first day."""
    for year in range(first.year - 1, last.year + 1):
        yield from (("quarter", 3, date(year, month, 1)) for month in (1, 4, 7, 10))
        yield "financial_year", 12, date(year, 4, 1)


def _months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _shared_units(shown: Sequence[Mapping[str, Row]]) -> list[str]:
    """Return the units of periods together: only the force if a period shows no others."""
    if all(len(units) > 1 or not units[ALL]["denominator"] for units in shown):
        return sorted({unit for units in shown for unit in units})
    return [ALL]
