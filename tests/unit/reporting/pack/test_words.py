"""How the pack says a figure, a forecast and a move."""

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


def test_a_status_that_nobody_defined_cannot_be_said() -> None:
    assert words.status("nearly") is words.UNKNOWN
    assert words.status(None).answer == "Cannot be said"


def test_no_two_statuses_with_different_answers_share_a_shape() -> None:
    answers: dict[str, set[str]] = {}
    for status in words.STATUSES.values():
        answers.setdefault(status.shape, set()).add(status.answer)
    assert all(len(said) == 1 for said in answers.values())


def test_a_checklist_is_said_in_strands_and_a_share_in_percent() -> None:
    plan = {"point_code": "INTEL_PLAN", "numerator": 2, "denominator": 3, "value": 0.667}
    share = {"point_code": "HYDRA", "numerator": 1184, "denominator": 2000, "value": 0.592}
    assert (words.figure(plan), words.parts(plan)) == ("2 of 3", "2 of 3 strands")
    assert (words.figure(share), words.parts(share)) == ("59.2%", "1,184 of 2,000 people")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (None, "every time"),
        (0, "today"),
        (1, "1 day to go"),
        (-1, "1 day ago"),
        (-90, "90 days ago"),
    ],
)
def test_how_far_a_deadline_is(days: int | None, said: str) -> None:
    assert words.days_away(days) == said


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        ((10, 20), (10, 20), "nothing"),
        ((10, 20), (12, 20), "+2 as it should be, +0 in all"),
        ((10, 1020), (9, 20), "-1 as it should be, -1,000 in all"),
    ],
)
def test_a_move_tells_both_numbers_apart(
    then: tuple[int, int], now: tuple[int, int], said: str
) -> None:
    def position(parts: tuple[int, int]) -> dict[str, Any]:
        return {"numerator": parts[0], "denominator": parts[1]}

    assert words.moved(position(then), position(now)) == said


@pytest.mark.parametrize(
    ("but", "said"),
    [
        ({}, "9 July 2026 at the recent pace (1 June 2026 to 1 September 2026"),
        ({"forecast_latest": None}, "(1 June 2026 or later; 5.0 a week needed, 2.5 lately)"),
        ({"forecast_date": None}, "no date, the recent pace leads nowhere"),
        ({"forecast_date": None, "places_short": 56}, "56 more places have to be scheduled"),
        ({"outstanding": 0}, "Met today; people join and leave"),
        ({"outstanding": 0, "point_code": "INTEL_PLAN"}, "Met today; plans fall due for review"),
        ({"deadline": None}, "No forecast"),
    ],
)
def test_a_forecast_says_when_or_why_not(but: dict[str, Any], said: str) -> None:
    assert said in words.forecast(BEHIND | but)
