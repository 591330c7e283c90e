"""Test the words with which the pack describes statuses, figures, forecasts and changes."""

from datetime import date
from typing import Any

import pytest

from oic_assurance.reporting.pack import words

BEHIND = {
    "point_code": "HYDRA",
    "deadline": date(2026, 4, 30),
    "outstanding": 30,
    "required_per_week": 5.0,
    "recent_per_week": 2.5,
    "forecast_date": date(2026, 7, 9),
    "forecast_earliest": date(2026, 6, 1),
    "forecast_latest": date(2026, 9, 1),
    "places_short": None,
}


def test_a_missing_or_unlisted_status_is_unknown() -> None:
    assert words.status("nearly") is words.UNKNOWN
    assert words.status(None).answer == "Not known"


def test_no_two_statuses_with_different_answers_share_a_shape() -> None:
    answers: dict[str, set[str]] = {}
    for status in words.STATUSES.values():
        answers.setdefault(status.shape, set()).add(status.answer)
    assert all(len(group) == 1 for group in answers.values())


def test_the_plan_is_a_count_of_strands_and_a_share_is_a_percentage() -> None:
    plan = {"point_code": "INTEL_PLAN", "numerator": 2, "denominator": 3, "value": 0.667}
    share = {"point_code": "HYDRA", "numerator": 1184, "denominator": 2000, "value": 0.592}
    assert (words.figure(plan), words.parts(plan)) == ("2 of 3", "2 of 3 strands")
    assert (words.figure(share), words.parts(share)) == ("59.2%", "1,184 of 2,000 people")


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (None, "every case"),
        (0, "today"),
        (1, "1 day to go"),
        (-1, "1 day ago"),
        (-90, "90 days ago"),
    ],
)
def test_the_distance_to_a_deadline(days: int | None, text: str) -> None:
    assert words.days_away(days) == text


@pytest.mark.parametrize(
    ("then", "now", "text"),
    [
        ((10, 20), (10, 20), "no change"),
        ((10, 20), (12, 20), "+10.0 points: 2 more met, 0 more counted"),
        # The share rises because fewer people are counted, not because more have completed.
        ((10, 1020), (9, 20), "+44.0 points: 1 fewer met, 1,000 fewer counted"),
        ((10, 20), (9, 20), "−5.0 points: 1 fewer met, 0 more counted"),
        ((0, 0), (9, 20), "9 more met, 20 more counted"),
    ],
)
def test_a_change_gives_the_difference_of_both_numbers(
    then: tuple[int, int], now: tuple[int, int], text: str
) -> None:
    def position(parts: tuple[int, int]) -> dict[str, Any]:
        met, counted = parts
        share = met / counted if counted else None
        return {
            "point_code": "HYDRA", "numerator": met, "denominator": counted, "value": share
        }  # fmt: skip

    assert words.change(position(then), position(now)) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "9 July 2026 at the recent pace (between 1 June 2026 and 1 September 2026"),
        (
            {"forecast_latest": None},
            "(1 June 2026 or later; 5.0 a week required, 2.5 a week recently)",
        ),
        ({"forecast_date": None}, "No date: the recent pace does not reach the target"),
        ({"forecast_date": None, "places_short": 56}, "56 more places must be scheduled"),
        ({"outstanding": 0}, "Met today. This can change, because people join and leave."),
        (
            {"outstanding": 0, "point_code": "INTEL_PLAN"},
            "Met today. This can change, because plans fall due for review.",
        ),
        ({"deadline": None}, "No forecast: the rule applies to every case."),
        ({"outstanding": None}, "No forecast: there is nothing to count yet."),
    ],
)
def test_a_forecast_gives_a_date_or_a_reason(changes: dict[str, Any], text: str) -> None:
    assert text in words.forecast(BEHIND | changes)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"recent_per_week": None, "forecast_date": None},
            "30 more needed. No date: the recent pace is not known yet "
            "(5.0 a week required, recent pace not known).",
        ),
        ({"recent_per_week": None}, "5.0 a week required, recent pace not known)."),
        ({"required_per_week": None}, "required pace not known, 2.5 a week recently)."),
    ],
)
def test_a_forecast_does_not_need_a_pace(changes: dict[str, Any], text: str) -> None:
    """In the first weeks of a point, too little is known to compute a recent pace.

    The forecast then says that the pace is not known.
    """
    assert words.forecast(BEHIND | changes).endswith(text)
