"""Worked examples of the questions for the Board."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from .clock import wall
from .examples import at, dated, document, person, referral, step, undated
from .figures import Figures
from .model import Row
from .questions import difference_low
from .test_board import action, log
from .test_measures import plan
from .test_status import STRANDS

MOMENT = "2026-07-02"


def asked(figures: Figures, kind: str) -> list[tuple[str, int, int]]:
    """Return unit, numerator and denominator of each question of one kind of rule."""
    return [
        (one.org_unit_code, one.numerator, one.denominator)
        for point in figures.questions.values()
        for one in point
        if one.rule_code.endswith(kind)
    ]


def test_newcombes_interval() -> None:
    """The expected lower ends were worked out by hand from Newcombe's formula.

    One record was subtracted from the numerator of the first share before.
    """
    assert difference_low((4, 11), (4, 200)) == pytest.approx(0.0290004, abs=1e-6)
    assert difference_low((5, 5), (0, 50)) == pytest.approx(0.2020010, abs=1e-6)
    assert difference_low((28, 100), (10, 100)) < 0 < difference_low((29, 100), (10, 100))


@pytest.mark.parametrize(
    ("teams", "referrals", "share"), [(20, 15, 0.05), (40, 8, 0.13), (20, 50, 0.1), (40, 30, 0.05)]
)
def test_chance_gives_few_questions(teams: int, referrals: int, share: float) -> None:
    """If all teams are alike, fewer than one publication in ten has a question about a team."""
    chance = random.Random(7)
    asked_by_chance = 0
    for _ in range(200):
        missing = [sum(chance.random() < share for _ in range(referrals)) for _ in range(teams)]
        rest = referrals * (teams - 1)
        asked_by_chance += any(
            one / referrals - (sum(missing) - one) / rest >= 0.1
            and difference_low((one, referrals), (sum(missing) - one, rest)) > 0
            for one in missing
        )
    assert asked_by_chance / 200 < 1 / 10


def world(missing: int, total: int) -> Figures:
    """Return the figures of a force with two teams.

    Team T1 lacks `missing` of its `total` documents. Team T2 lacks 10 of 200.
    """
    referrals: list[Row] = []
    documents: list[Row] = []
    for officer, answered, count in (("11", total - missing, total), ("22", 190, 200)):
        for number in range(count):
            ref, when = f"{officer}/{number}", f"2026-05-{1 + number % 28:02}T12:00"
            referrals.append(referral(ref, officer, when, occurrence_ref=ref))
            if number < answered:
                documents.append(document(f"U{ref}", officer, when, occurrence_ref=ref))
    people = [
        person("000001", "11", org_unit_code="T1", role_code="OTHER"),
        person("000002", "22", org_unit_code="T2", role_code="OTHER"),
    ]
    tables = {"referrals": referrals, "documents": documents}
    return at(MOMENT, step(dated("hr/personnel", "2026-07-01", people), **tables))


@pytest.mark.parametrize(
    ("missing", "total", "expected"),
    [(5, 11, [("T1", 5, 11)]), (4, 11, []), (4, 4, []), (5, 5, [("T1", 5, 5)])],
)
def test_a_team_without_documents(
    missing: int, total: int, expected: list[tuple[str, int, int]]
) -> None:
    assert asked(world(missing, total), "TEAM") == expected


def plans(review: str, said: str | None = None) -> Figures:
    rows = [plan(strand, "2025-12-01", review) for strand in STRANDS]
    modified = (wall(MOMENT) - timedelta(days=1)).isoformat()
    files = [undated("governance/plans", modified, {"Plans": rows})]
    if said is not None:
        line = {"event_at": wall("2026-01-10T10:00"), "point_code": "INTEL_PLAN",
                "party": "FORCE", "status": said}  # fmt: skip
        files.append(undated("governance/recommendations", modified, [line]))
    return at(MOMENT, step(*files))


def test_a_plan_past_its_review_and_a_deadline() -> None:
    assert asked(plans("2026-07-02"), "PLAN_REVIEW") == []
    late = plans("2026-07-01")
    assert asked(late, "PLAN_REVIEW") == [("ALL", 3, 3)]
    assert asked(late, "PLAN_DEADLINE") == [("ALL", 3, 3)]
    assert asked(late, "PLAN_VOICE") == []


def test_a_voice_that_says_complete_while_the_data_does_not() -> None:
    assert asked(plans("2026-07-01", "COMPLETE"), "PLAN_VOICE") == [("ALL", 3, 3)]
    assert asked(plans("2026-07-01", "IN_PROGRESS"), "PLAN_VOICE") == []
    quiet = plans("2027-01-01", "COMPLETE").questions["INTEL_PLAN"]
    assert quiet == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("OPEN", "2026-07-01"), ("OPEN", "2026-07-02"), ("OPEN", None)], [("ALL", 1, 3)]),
        ([("OPEN", "2026-07-02"), ("OPEN", None)], []),
        ([("CLOSED", "2026-07-01"), ("SUPERSEDED", "2026-07-01")], []),
    ],
)
def test_an_action_is_asked_about_from_the_day_after_it_is_due(
    rows: list[tuple[str, str | None]], expected: list[tuple[str, int, int]]
) -> None:
    actions = [
        action(f"A{number}", status=status, due_on=date.fromisoformat(due) if due else None)
        for number, (status, due) in enumerate(rows)
    ]
    modified = (wall(MOMENT) - timedelta(days=1)).isoformat()
    strands = [plan(strand, "2025-12-01", "2027-01-01") for strand in STRANDS]
    files = [undated("governance/plans", modified, {"Plans": strands}), log(modified, *actions)]
    assert asked(at(MOMENT, step(*files)), "PLAN_ACTION") == expected


def test_a_stale_source_is_the_only_question() -> None:
    figures = at("2026-07-10", step(dated("hr/personnel", "2026-07-01", [])))
    rules = [one.rule_code for one in figures.questions["HYDRA"]]
    assert rules == ["HYDRA_SOURCE"]
