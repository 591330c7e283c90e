"""Quarters, years and what is withheld follow from the released periods, and tell nothing more."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from oic_assurance.publishing.releases import Row
from oic_assurance.reporting.release.totals import last_day, quarters_and_years, withheld
from tests.oracle.disclosure import ALL, Figure, Period, Releases, added, may_be_shown

UNITS = ("D1", "D2", "REST")
MONTHS = [date(2025 + month // 12, month % 12 + 1, 1) for month in range(18)]
EVENTS, PEOPLE = "events", "people"
figures = st.tuples(st.integers(0, 30), st.integers(0, 12))
histories = st.lists(
    st.lists(
        st.fixed_dictionaries(dict.fromkeys(UNITS, figures)), min_size=1, max_size=len(MONTHS)
    ),
    min_size=1,
    max_size=3,
).map(lambda history: sorted(history, key=len))


def rows_of(shown: Mapping[Period, Mapping[str, Figure]]) -> list[Row]:
    """Return the released periods of a measure as a release has them."""
    return [
        {
            "force_code": "F",
            "measure_code": "M",
            "point_code": "P",
            "period_start": MONTHS[first],
            "period_end": last_day(MONTHS[last], 1),
            "org_unit_code": unit,
            "numerator": p,
            "denominator": p + q,
            "value": None,
        }
        for (first, last), units in shown.items()
        for unit, (p, q) in units.items()
    ]


def pair(row: Row) -> Figure:
    return row["numerator"], row["denominator"] - row["numerator"]


@given(histories, st.integers(2, 6), st.sampled_from([EVENTS, PEOPLE]))
def test_no_quarter_or_year_less_what_is_in_it_is_a_small_number(
    history: list[list[dict[str, Figure]]], k: int, counted_as: str
) -> None:
    """The attacks: a quarter less its months, a year less its quarters, a force less districts."""
    releases = Releases(k)
    for months in history:
        shown = (
            releases.release_events(months)
            if counted_as == EVENTS
            else releases.release_people(months)
        )
        released = rows_of(shown)
        totals = quarters_and_years(released, {"M": counted_as})
        for total in totals:
            assert may_be_shown(pair(total), k)
            assert total["period_end"] == last_day(
                total["period_start"], 3 if total["period_kind"] == "quarter" else 12
            )
            for parts in subsets(inside(total, [*released, *totals], counted_as)):
                (whole_p, whole_q), (part_p, part_q) = pair(total), added([*map(pair, parts)])
                assert may_be_shown((whole_p - part_p, whole_q - part_q), k)
        by_span: dict[tuple[str, date], dict[str, Figure]] = {}
        for row in totals:
            span = by_span.setdefault((row["period_kind"], row["period_start"]), {})
            span[row["org_unit_code"]] = pair(row)
        for units in by_span.values():
            others = [figure for unit, figure in units.items() if unit != ALL]
            assert not others or added(others) == units[ALL]


def inside(total: Row, rows: Sequence[Row], counted_as: str) -> list[Row]:
    """Return shown figures of the same unit within a total, none of which is the total itself.

    The people of two month ends are the same people, so only those of its last day are in it.
    """
    return [
        row
        for row in rows
        if row["org_unit_code"] == total["org_unit_code"]
        and total["period_start"] <= row["period_start"]
        and row["period_end"] <= total["period_end"]
        and row is not total
        and (counted_as == EVENTS or row["period_end"] == total["period_end"])
    ]


def subsets(rows: Sequence[Row]) -> list[tuple[Row, ...]]:
    """Return the sets of one, two or three rows of which no two have a month in common."""
    return [
        some
        for size in (1, 2, 3)
        for some in combinations(rows, size)
        if all(
            one["period_end"] < other["period_start"] or other["period_end"] < one["period_start"]
            for one, other in combinations(some, 2)
        )
    ]


@given(histories, st.integers(2, 6), st.integers(0, 40))
def test_a_month_is_shown_or_withheld_with_a_reason_and_never_both(
    history: list[list[dict[str, Figure]]], k: int, unsettled_days: int
) -> None:
    """What is withheld follows from what is shown and the calendar, so it tells nothing more."""
    releases = Releases(k)
    shown = {}
    for months in history:
        shown = releases.release_events(months)
    count = len(history[-1])
    settled = last_day(MONTHS[count - 1], 1)
    released = rows_of(shown)
    alone = {(first, unit) for (first, last), units in shown.items() if first == last
             for unit in units}  # fmt: skip
    grid = [
        {
            "force_code": "F",
            "measure_code": "M",
            "point_code": "P",
            "period_start": MONTHS[place],
            "org_unit_code": unit,
            "is_suppressed": (place, unit) not in alone,
        }
        for place in range(count + 2 if count + 2 <= len(MONTHS) else count)
        for unit in (ALL, "D1", "D2")
    ]
    found = withheld(grid, released, {"M": EVENTS}, {}, settled)
    for units in ("ALL", "DISTRICTS"):
        days = [
            day
            for row in found
            if row["units"] == units
            for day in MONTHS
            if row["period_start"] <= day <= row["period_end"]
        ]
        assert len(days) == len(set(days))
        for place in range(len({row["period_start"] for row in grid})):
            is_shown = any(
                row["period_start"] == MONTHS[place] and not row["is_suppressed"]
                for row in grid
                if (row["org_unit_code"] == ALL) == (units == "ALL")
            )
            nothing = any(
                first <= place <= last and figures[ALL] == (0, 0)
                for (first, last), figures in shown.items()
            )
            if is_shown:
                assert MONTHS[place] not in days
            elif not (units == "DISTRICTS" and nothing):
                assert MONTHS[place] in days
    reasons = {row["period_start"]: row["reason_code"] for row in found if row["units"] == "ALL"}
    for start, reason in reasons.items():
        if reason == "no_record":
            assert start == MONTHS[0]
            assert all(
                sum(added(list(month.values()))) == 0
                for months in history
                for month in months[: MONTHS.index(min(MONTHS[first] for first, _ in shown))]
            )
            continue
        assert (reason == "not_settled") == (start > settled)
        period = [one for one in shown if MONTHS[one[0]] == start]
        assert (reason == "joined") == any(last > first for first, last in period)


def test_a_total_needs_every_period_whole() -> None:
    """Periods that cross the end of a quarter fill the year only, and a gap fills nothing."""

    def period(first: int, last: int, unit: str = ALL) -> tuple[Period, dict[str, Figure]]:
        return (first, last), {unit: (10, 5)}

    crossing = rows_of(dict([period(3, 6), period(7, 14)]))
    (year,) = quarters_and_years(crossing, {"M": EVENTS})
    assert (year["period_kind"], year["period_start"], pair(year)) == (
        "financial_year", date(2025, 4, 1), (20, 10),
    )  # fmt: skip
    assert quarters_and_years(rows_of(dict([period(3, 4)])), {"M": EVENTS}) == []
    people = quarters_and_years(rows_of(dict([period(4, 4), period(5, 5)])), {"M": PEOPLE})
    assert [(row["period_start"], pair(row)) for row in people] == [(date(2025, 4, 1), (10, 5))]
    assert last_day(date(2024, 2, 1), 1) - date(2024, 2, 1) == timedelta(days=28)


def test_districts_of_a_total_are_shown_if_each_period_shows_them() -> None:
    units = {ALL: (12, 12), "D1": (6, 6), "REST": (6, 6)}
    whole = quarters_and_years(
        rows_of({(0, 0): units, (1, 2): {ALL: (6, 6), "D1": (6, 6)}}), {"M": EVENTS}
    )
    assert {row["org_unit_code"]: pair(row) for row in whole} == {
        ALL: (18, 18), "D1": (12, 12), "REST": (6, 6),
    }  # fmt: skip
    hidden = quarters_and_years(rows_of({(0, 0): units, (1, 2): {ALL: (6, 6)}}), {"M": EVENTS})
    assert [row["org_unit_code"] for row in hidden] == [ALL]
