"""Retention periods end on an anniversary, and kept records come up again after their period."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oic_assurance.operations.erase.periods import ends_at, latest_start, next_review
from oic_assurance.sources.declarations.model import Retention
from oic_assurance.sources.declarations.mopi import GROUPS


def test_a_period_ends_at_the_same_moment_of_its_last_year() -> None:
    assert ends_at(datetime(2020, 7, 9, 5, 30, tzinfo=UTC), 6) == datetime(
        2026, 7, 9, 5, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("years", "end"),
    [
        (4, datetime(2024, 2, 29, 10, tzinfo=UTC)),
        (6, datetime(2026, 3, 1, tzinfo=UTC)),
        (80, datetime(2100, 3, 1, tzinfo=UTC)),  # the year 2100 has no leap day
    ],
)
def test_a_period_from_a_leap_day_is_never_too_short(years: int, end: datetime) -> None:
    assert ends_at(datetime(2020, 2, 29, 10, tzinfo=UTC), years) == end


def test_looking_back_from_a_leap_day_finds_no_period_that_has_not_ended() -> None:
    assert latest_start(datetime(2028, 2, 29, 10, tzinfo=UTC), 6) == datetime(
        2022, 2, 28, 10, tzinfo=UTC
    )


@given(minutes=st.integers(0, 70_000_000), years=st.integers(1, 100))
def test_a_period_lasts_for_its_years_and_at_most_a_leap_day_longer(
    minutes: int, years: int
) -> None:
    start = datetime(1950, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    end = ends_at(start, years)
    assert timedelta(0) <= end - start - timedelta(days=365 * years) <= timedelta(days=years)
    # Every period that started at `latest_start` or before has ended.
    assert ends_at(latest_start(end, years), years) <= end


@pytest.mark.parametrize(
    ("retention", "expected"),
    [
        (Retention(10, "x", mopi_group=1), date(2036, 2, 28)),
        (Retention(10, "x", mopi_group=2), date(2036, 2, 28)),
        (Retention(6, "x", mopi_group=3), date(2031, 2, 28)),
        (Retention(6, "x", mopi_group=4), date(2032, 2, 28)),
        (Retention(7, "x"), date(2033, 2, 28)),
        (Retention(6, "x", mopi_group=3, review_years=2), date(2028, 2, 28)),
    ],
)
def test_a_kept_record_comes_up_again_after_the_period_of_its_group(
    retention: Retention, expected: date
) -> None:
    assert next_review(retention, date(2026, 2, 28)) == expected


def test_a_record_kept_on_a_leap_day_comes_up_again_on_the_first_of_march() -> None:
    assert next_review(Retention(6, "x", mopi_group=3), date(2028, 2, 29)) == date(2033, 3, 1)


def test_a_later_review_never_comes_after_more_years_than_the_first() -> None:
    assert all(group.next_review <= group.first_review for group in GROUPS.values())
