"""The pack compares with the day on which the Board last met, and adds up what changed since."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from oic_assurance.clock import LONDON
from oic_assurance.errors import UsageError
from oic_assurance.reporting.pack.since import since_the_last_meeting

TODAY = date(2026, 6, 21)


def moment(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), LONDON).replace(hour=5, minute=30)


def shown(publication_id: int, day: date, value: float) -> dict[str, Any]:
    return {
        "publication_id": publication_id,
        "point_code": "HYDRA",
        "as_at": moment(day),
        "current_from": moment(day),
        "status": "in_progress",
        "value": value,
        "verdict_words": None,
    }


def facts(
    *, raised: Sequence[date] = (), agreed: Sequence[date] = ()
) -> dict[str, list[dict[str, Any]]]:
    return {
        "publication": [{"publication_id": 9, "as_at": moment(TODAY)}],
        "board_log_question": [{"raised_on": day} for day in raised],
        "board_action": [{"agreed_on": day} for day in agreed],
        "position_as_published": [
            shown(3, date(2026, 5, 12), 0.5),
            shown(4, date(2026, 5, 13), 0.6),
            shown(5, date(2026, 5, 14), 0.7),
            shown(9, TODAY, 0.8),
        ],
        "position_day": [
            {"point_code": "HYDRA", "day": date(2026, 5, 13), "value": 0.61},
            {"point_code": "HYDRA", "day": TODAY, "value": 0.8},
        ],
        "kept": [{"publication_id": one} for one in (3, 4, 5, 9)],
        "restated": [],
        "compared_with": [],
    }


def test_the_board_last_met_when_it_last_asked_or_agreed_something() -> None:
    asked = since_the_last_meeting(facts(raised=[date(2026, 5, 13)], agreed=[date(2026, 4, 1)]))
    agreed = since_the_last_meeting(facts(raised=[date(2026, 4, 1)], agreed=[date(2026, 5, 13)]))
    assert asked.day == agreed.day == date(2026, 5, 13)
    assert asked.is_meeting


def test_a_meeting_on_the_day_of_the_pack_is_not_the_last_one() -> None:
    found = since_the_last_meeting(facts(raised=[date(2026, 5, 13), TODAY]))
    assert found.day == date(2026, 5, 13)


def test_a_day_after_the_publication_is_refused() -> None:
    with pytest.raises(UsageError, match="is after the day of the publication, 21 June 2026"):
        since_the_last_meeting(facts(), TODAY + timedelta(days=1))


def test_without_a_log_the_pack_looks_back_six_weeks() -> None:
    found = since_the_last_meeting(facts())
    assert found.day == TODAY - timedelta(days=42)
    assert not found.is_meeting


@pytest.mark.parametrize(
    ("day", "publication_id", "value"),
    [
        (date(2026, 5, 13), 4, 0.6),
        (date(2026, 6, 1), 5, 0.7),
        # The current publication never counts as one that the Board was told about before.
        (TODAY, 5, 0.7),
    ],
)
def test_the_board_was_told_what_the_last_publication_of_the_day_showed(
    day: date, publication_id: int, value: float
) -> None:
    found = since_the_last_meeting(facts(), day)
    assert found.publication_id == publication_id
    assert found.shown["HYDRA"]["value"] == value


def test_before_the_first_publication_the_board_was_told_nothing() -> None:
    found = since_the_last_meeting(facts(), date(2026, 5, 11))
    assert found.publication_id is None
    assert found.shown == {}


def test_the_position_of_that_day_is_also_given_as_known_now() -> None:
    found = since_the_last_meeting(facts(), date(2026, 5, 13))
    assert found.then["HYDRA"]["value"] == 0.61


def test_only_restatements_after_that_publication_count() -> None:
    given = facts()
    given["restated"] = [late(4, 0.5, 0.6), late(5, 0.6, 0.7), late(9, 0.7, 0.8)]
    given["compared_with"] = [
        {"publication_id": one, "compared_with": before}
        for one, before in ((3, None), (4, 3), (5, 4), (9, 5))
    ]
    found = since_the_last_meeting(given, date(2026, 5, 13))
    assert [(one.before, one.after) for one in found.restated] == [(0.6, 0.8)]


def test_a_publication_that_was_rolled_back_is_not_what_the_board_was_told() -> None:
    given = facts()
    again = {**shown(4, date(2026, 5, 13), 0.6), "current_from": moment(date(2026, 5, 15))}
    given["position_as_published"].append(again)
    assert since_the_last_meeting(given, date(2026, 5, 14)).publication_id == 5
    assert since_the_last_meeting(given, date(2026, 6, 1)).publication_id == 4


def test_a_figure_that_was_computed_later_was_not_told_then() -> None:
    """A publication for a past day was first current when it was made, and not on that day."""
    given = facts()
    for row in given["position_as_published"]:
        row["current_from"] = moment(date(2026, 6, 20))
    found = since_the_last_meeting(given, date(2026, 5, 13))
    assert (found.publication_id, found.shown) == (None, {})
    assert found.then["HYDRA"]["value"] == 0.61


def test_changes_that_are_not_kept_are_named() -> None:
    given = facts()
    given["compared_with"] = [
        {"publication_id": one, "compared_with": before}
        for one, before in ((3, None), (4, 3), (5, 4), (9, 5))
    ]
    given["kept"] = [{"publication_id": 9}]
    assert since_the_last_meeting(given, date(2026, 5, 13)).not_kept == [5]


def late(publication_id: int, before: float, after: float) -> dict[str, Any]:
    return {
        "publication_id": publication_id,
        "measure_code": "hydra_completion",
        "period_start": date(2026, 4, 1),
        "org_unit_code": "ALL",
        "value_before": before,
        "value_after": after,
        "value_change": after - before,
        "cause": "LATE_RECORD",
        "record_count": 1,
    }
