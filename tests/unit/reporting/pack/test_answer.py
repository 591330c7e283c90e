"""The answer of the pack: three sentences that are true whatever the points show."""

from dataclasses import replace
from datetime import date
from typing import Any

from oic_assurance.reporting.pack import words
from oic_assurance.reporting.pack.answer import answer
from oic_assurance.reporting.pack.card import Card
from oic_assurance.reporting.pack.since import Since

CARD = Card(
    code="HYDRA", name="Hydra training", question="", requirement="",
    answer=words.status("overdue"), figure="86.0%", parts="", interval="", target="95%", second="",
    provisional="", owner="", low=0, value=0, high=0, goal=0.95, deadline="", at_deadline="",
    trend="", since="", forecast="", views=(), disagreement="", source="", caveat=None,
)  # fmt: skip
SINCE = Since(
    day=date(2026, 5, 13), is_meeting=True, publication_id=4,
    told={"HYDRA": {"status": "in_progress"}}, then={}, restated=(), not_kept=(),
)  # fmt: skip


def card(code: str, status: str) -> Card:
    name = {"HYDRA": "Hydra training", "ELEARNING": "E-learning", "INTEL_PLAN": "Plans"}[code]
    return replace(CARD, code=code, name=name, answer=words.status(status))


def facts(*statuses: str) -> dict[str, list[dict[str, Any]]]:
    return {"board_action": [{"status": status} for status in statuses]}


def test_the_first_sentence_counts_and_the_second_names() -> None:
    cards = [
        card("HYDRA", "overdue"),
        card("ELEARNING", "met_late"),
        card("INTEL_PLAN", "sustained"),
    ]
    first, second, _ = answer(cards, facts(), SINCE)
    assert first == "Two of the three points are met."
    assert second == (
        "E-learning (late) and Plans (in every case) are met; "
        "Hydra training (86.0%, target 95%) is not."
    )


def test_a_point_whose_status_is_not_known_is_neither_met_nor_missed() -> None:
    cards = [card("HYDRA", "unknown"), card("ELEARNING", "met_on_time")]
    first, second, _ = answer(cards, facts(), SINCE)
    assert first == "One of the two points is met; for one the status is not known."
    assert second == "E-learning (on time) is met; for Hydra training it is not known."


def test_if_nothing_is_met_it_says_none() -> None:
    first, second, _ = answer([card("HYDRA", "not_started")], facts(), SINCE)
    assert first == "None of the one points are met."
    assert second == "Hydra training (86.0%, target 95%) is not."


def test_the_third_sentence_names_changed_statuses_and_overdue_actions() -> None:
    third = answer([card("HYDRA", "overdue")], facts("OVERDUE", "OPEN", "CLOSED"), SINCE)[2]
    assert third == (
        "Since the Board met on 13 May 2026, the status has changed for Hydra training from in "
        "progress to overdue; 1 of 2 open actions is overdue."
    )


def test_if_every_open_action_is_overdue_it_says_all() -> None:
    third = answer([card("HYDRA", "in_progress")], facts("OVERDUE", "OVERDUE"), SINCE)[2]
    assert third == (
        "Since the Board met on 13 May 2026, no status has changed; all 2 open actions are overdue."
    )


def test_without_open_actions_and_without_a_log() -> None:
    closed = answer([card("HYDRA", "in_progress")], facts("CLOSED"), SINCE)[2]
    assert closed.endswith("no status has changed; no action of the Board is open.")
    no_log = answer([card("HYDRA", "in_progress")], facts(), replace(SINCE, is_meeting=False))[2]
    assert no_log == "Since 13 May 2026, no status has changed."


def test_if_nothing_is_known_of_that_day_nothing_is_compared() -> None:
    third = answer([CARD], facts(), replace(SINCE, told={}, then={}))[2]
    assert third == "Since the Board met on 13 May 2026, nothing can be compared."
