"""The first page says what changed since the Board met, of the statuses and of the figures."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from oic_assurance.reporting.pack import first_page
from oic_assurance.reporting.pack.facts import nothing
from oic_assurance.reporting.pack.since import Since
from oic_assurance.reporting.paper.document import Table

TODAY = datetime(2026, 6, 21, 5, 30, tzinfo=UTC)
THEN: dict[str, Any] = {
    "status": "in_progress", "status_word": None, "numerator": 10, "denominator": 20, "value": 0.5,
}  # fmt: skip
SINCE = Since(
    day=date(2026, 5, 13), is_meeting=True, publication_id=4, shown={"HYDRA": THEN}, then={},
    restated=(), not_kept=(),
)  # fmt: skip


def facts(*actions: str, **now: Any) -> dict[str, list[dict[str, Any]]]:
    """Return what the marts say about one point, and the statuses of the Board's actions."""
    position: dict[str, Any] = {"point_code": "HYDRA", **THEN, "status": "overdue"} | now
    position["status_word"] = now.get("word", position["status"].replace("_", " ").capitalize())
    answer = {
        "point_code": "HYDRA", "point_label": "Hydra training", "status": position["status"],
        "status_word": position["status_word"], "figure_words": "50.0%",
    }  # fmt: skip
    return {
        "publication": [{"as_at": TODAY}],
        "board_action": [{"status": status} for status in actions],
        "position": [position],
        "answer": [answer],
        "control_limits": [],
        "missing": [],
        "board_log_question": [],
        "board_question": [],
        "recommendation": [],
    }


def test_the_sentence_names_changed_statuses_and_overdue_actions() -> None:
    assert first_page.changed(facts("OVERDUE", "OPEN", "CLOSED"), SINCE) == (
        "Since the Board met on 13 May 2026, the status has changed for Hydra training from in "
        "progress to overdue; 1 of 2 open actions is overdue."
    )


def test_what_has_changed_is_the_word_that_readers_are_told() -> None:
    shown = {"HYDRA": {**THEN, "status": "slipping", "status_word": "Slipping"}}
    now = facts(status="slipping", word="No clear change")
    assert "from slipping to no clear change" in first_page.changed(
        now, replace(SINCE, shown=shown)
    )
    same = {"HYDRA": {**THEN, "status": "slipping", "status_word": "No clear change"}}
    assert "no status has changed" in first_page.changed(now, replace(SINCE, shown=same))


def test_if_no_open_action_is_overdue_it_says_none() -> None:
    assert first_page.changed(facts("OPEN", "OPEN"), SINCE).endswith(
        "; none of 2 open actions is overdue."
    )


def test_if_every_open_action_is_overdue_it_says_all() -> None:
    same = facts("OVERDUE", "OVERDUE", status="in_progress")
    assert first_page.changed(same, SINCE) == (
        "Since the Board met on 13 May 2026, no status has changed; all 2 open actions are overdue."
    )


def test_without_open_actions_and_without_a_log() -> None:
    closed = first_page.changed(facts("CLOSED", status="in_progress"), SINCE)
    assert closed.endswith("no status has changed; no action of the Board is open.")
    no_log = first_page.changed(facts(status="in_progress"), replace(SINCE, is_meeting=False))
    assert no_log == "Since 13 May 2026, no status has changed."


def test_if_nothing_is_known_of_that_day_nothing_is_compared() -> None:
    nothing = first_page.changed(facts(), replace(SINCE, shown={}, then={}))
    assert nothing == "Since the Board met on 13 May 2026, nothing can be compared."


@pytest.mark.parametrize(
    ("now", "text"),
    [
        ({"status": "in_progress"}, "No change."),
        # The same figure with another status is a change.
        ({"status": "unknown"}, "The status has changed, with the same figure."),
        (
            {"status": "in_progress", "numerator": 12, "value": 0.6},
            "+10.0 points: 2 more met, 0 more counted.",
        ),
        (
            {"numerator": 9, "denominator": 10, "value": 0.9},
            "The status has changed. +40.0 points: 1 fewer met, 10 fewer counted.",
        ),
        (
            {"status": "in_progress", "numerator": 9, "value": 0.45},
            "−5.0 points: 1 fewer met, 0 more counted.",
        ),
    ],
)
def test_a_change_says_the_status_and_the_difference_of_both_numbers(
    now: dict[str, Any], text: str
) -> None:
    given = facts(**now)
    sections = first_page.sections(given["answer"], given, SINCE)
    (table,) = next(one for one in sections if one.anchor == "since").blocks
    assert isinstance(table, Table)
    assert table.rows[0][-1] == text


def test_what_was_told_then_has_its_days_unless_nothing_counted() -> None:
    def told(**more: Any) -> Any:
        since = replace(SINCE, shown={"HYDRA": {**THEN, **more}})
        (row,) = first_page._moved([{**facts()["answer"][0]}], facts(), since).rows
        return row[1]

    assert told(figure_period="on 12 May 2026") == "50.0% (10 of 20, on 12 May 2026), in progress"
    nothing = {"numerator": 0, "denominator": 0, "value": None, "status": "no_cases"}
    assert told(**nothing, figure_period="on 12 May 2026") == "no cases"


def test_what_the_figures_leave_out_is_added_up() -> None:
    rows = [
        {"left_out_label": "Rows in quarantine", "items": 140},
        {"left_out_label": "Files refused", "items": 2},
        {"left_out_label": "Rows in quarantine", "items": 9},
    ]
    assert first_page.left_out({"left_out": rows}) == (
        "Left out of the figures (see Methods and quality): files refused 2, rows in quarantine "
        "149."
    )
    none = first_page.left_out({"left_out": [], "missing": []})
    assert none == "The figures leave nothing out."


def test_what_an_earlier_version_did_not_have_is_not_said_to_be_nothing() -> None:
    missing = {"query": "left_out", "words": "Publication 1 does not have this."}
    older = {"left_out": [], "board_question": [], "missing": [missing]}
    assert first_page.left_out(older) == "Publication 1 does not have this."
    assert nothing(older, "board_question", "None.") == "None."


def listed(rows: list[dict[str, Any]], most: int | None = None) -> Table:
    of_all = {"publication": [{"as_at": TODAY}], "board_action": rows, "missing": []}
    return first_page.actions(rows, of_all, most)


def action(**more: Any) -> dict[str, Any]:
    row = {
        "action": "Find more places.", "point_code": "HYDRA", "owner_role": "Head of Learning",
        "due_on": date(2026, 12, 1), "first_due_on": date(2026, 12, 1), "times_moved": 0,
        "status": "OPEN", "status_label": "Open", "days_overdue": None, "closed_but": None,
        "closed_but_label": None,
    }  # fmt: skip
    return row | more


OVERDUE = {"status": "OVERDUE", "due_on": date(2026, 6, 1), "days_overdue": 20}


@pytest.mark.parametrize(
    ("more", "state"),
    [
        (OVERDUE, "overdue by 20 days"),
        ({"due_on": date(2026, 8, 2)}, "open"),
        ({"times_moved": 1}, "open, moved once, first due 1 Dec 2026"),
        ({**OVERDUE, "times_moved": 3}, "overdue by 20 days, moved 3 times, first due 1 Dec 2026"),
        (
            {
                "status": "CLOSED", "status_label": "Closed", "closed_but": "POINT_OVERDUE",
                "closed_but_label": "The point is not met and its deadline has passed",
            },
            "closed, although the point is not met and its deadline has passed",
        ),
    ],
)  # fmt: skip
def test_an_action_that_needs_attention_says_why(more: dict[str, Any], state: str) -> None:
    ((_, _, _, _, said),) = listed([action(**more)]).rows
    assert said == state


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"due_on": date(2026, 8, 3)},
        {"due_on": None},
        {"status": "CLOSED", "status_label": "Closed", "times_moved": 2},
        {"status": "SUPERSEDED", "status_label": "Replaced", "due_on": date(2026, 1, 1)},
    ],
)
def test_an_action_that_is_not_due_or_done_is_not_listed(more: dict[str, Any]) -> None:
    table = listed([action(**more)])
    assert table.rows == []
    assert table.empty == "No action of the Board needs attention."


def test_the_most_overdue_action_comes_first_and_the_rest_is_counted() -> None:
    rows = [
        action(action="soon", due_on=date(2026, 6, 22)),
        action(action="late", **OVERDUE),
        action(action="later", status="OVERDUE", due_on=date(2026, 2, 1), days_overdue=140),
        action(action="not due"),
        action(action="closed", status="CLOSED", due_on=date(2025, 1, 1), closed_but="NOT_MET",
               closed_but_label="The point is not met"),
    ]  # fmt: skip
    assert [row[0] for row in listed(rows).rows] == ["later", "late", "soon", "closed"]
    assert listed(rows, 2).note == "2 more actions on the pages of the points."
    assert listed(rows, 5).note == ""


def test_without_a_log_the_table_says_so() -> None:
    assert listed([]).empty == "The force delivers no log of the Board."
