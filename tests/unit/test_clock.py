"""A moment without an offset is in London time, and a day is a day in London."""

from datetime import UTC, date, datetime

import pytest

from oic_assurance.clock import default_as_at, london_day, london_text, parse_moment, start_of_day
from oic_assurance.errors import AssuranceError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T05:30", "2026-01-31T05:30+00:00"),
        ("2026-07-31T05:30", "2026-07-31T04:30+00:00"),
        ("2026-07-31 05:30:15", "2026-07-31T04:30:15+00:00"),
        ("2026-07-31", "2026-07-30T23:00+00:00"),
        ("2026-07-31T05:30+00:00", "2026-07-31T05:30+00:00"),
        ("2026-07-31T05:30Z", "2026-07-31T05:30+00:00"),
        ("  2026-07-31T05:30+02:00 ", "2026-07-31T03:30+00:00"),
        # On the last Sunday of October, 01:30 occurs twice. The first occurrence is used.
        ("2026-10-25T01:30", "2026-10-25T00:30+00:00"),
        # On the last Sunday of March, the clocks skip 01:30. The string is read as if they did not.
        ("2026-03-29T01:30", "2026-03-29T01:30+00:00"),
    ],
)
def test_a_moment_without_offset_is_london_time(text: str, expected: str) -> None:
    moment = parse_moment(text)
    assert moment == datetime.fromisoformat(expected)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-10-24T23:30Z", "Sun 25 Oct 2026 00:30"),
        ("2026-10-25T00:30Z", "Sun 25 Oct 2026 01:30 +01:00"),
        ("2026-10-25T01:30Z", "Sun 25 Oct 2026 01:30 +00:00"),
        ("2026-10-25T02:00Z", "Sun 25 Oct 2026 02:00"),
        ("2026-03-29T01:30Z", "Sun 29 Mar 2026 02:30"),
    ],
)
def test_an_hour_that_occurs_twice_has_its_offset(moment: str, text: str) -> None:
    assert london_text(datetime.fromisoformat(moment)) == text


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "2026-02-30T10:00", "0001-01-01T00:00+14:00"]
)
def test_a_text_that_is_not_a_moment_is_an_error_of_one_line(text: str) -> None:
    with pytest.raises(AssuranceError, match="is not a moment") as caught:
        parse_moment(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-01-31T05:30+00:00", "2026-01-31T05:30+00:00"),
        ("2026-01-31T05:29:59+00:00", "2026-01-30T05:30+00:00"),
        ("2026-07-31T04:30+00:00", "2026-07-31T04:30+00:00"),
        ("2026-07-31T04:29+00:00", "2026-07-30T04:30+00:00"),
        # Before 05:30 on the day of a clock change, the last 05:30 was on the day before, when
        # London still had the old offset.
        ("2026-03-29T04:00+00:00", "2026-03-28T05:30+00:00"),
        ("2026-10-25T05:00+00:00", "2026-10-24T04:30+00:00"),
        # At 23:30 UTC on 31 July, it is already 1 August in London. The last 05:30 was on 31 July.
        ("2026-07-31T23:30+00:00", "2026-07-31T04:30+00:00"),
    ],
)
def test_the_default_as_at_is_the_last_half_past_five_in_london(now: str, expected: str) -> None:
    assert default_as_at(datetime.fromisoformat(now)) == datetime.fromisoformat(expected)


def test_a_day_is_a_london_day() -> None:
    assert london_day(datetime(2026, 7, 31, 23, 30, tzinfo=UTC)) == date(2026, 8, 1)
    assert london_day(datetime(2026, 1, 31, 23, 30, tzinfo=UTC)) == date(2026, 1, 31)
    assert start_of_day(date(2026, 7, 31)) == datetime(2026, 7, 30, 23, tzinfo=UTC)
    assert (
        start_of_day(date(2026, 10, 26)) - start_of_day(date(2026, 10, 25))
    ).total_seconds() == (25 * 3600)
