"""Worked examples of what the contract says under "Status" and "Stale after"."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from .clock import wall
from .examples import at, dated, document, person, referral, step, undated
from .figures import Figures
from .model import Row, Step
from .test_measures import hydra, plan

STRANDS = ("COLLECT", "ANALYSE", "SHARE")


def plans_at(moment: str, approved: str | None, review: str = "2027-01-01") -> Figures:
    rows = [plan(strand, approved, review) for strand in STRANDS]
    modified = (wall(moment) - timedelta(days=1)).isoformat()
    return at(moment, step(undated("governance/plans", modified, {"Plans": rows})))


@pytest.mark.parametrize(
    ("moment", "approved", "review", "status"),
    [
        ("2025-12-01", None, "2027-01-01", "not_started"),
        ("2025-12-01", "2025-11-01", "2027-01-01", "in_progress"),
        ("2026-03-01", "2025-12-31", "2027-01-01", "met_on_time"),
        ("2026-03-01", "2026-01-01", "2027-01-01", "met_late"),
        ("2026-03-01", "2025-12-31", "2026-02-01", "slipping"),
        ("2026-03-01", "2026-01-01", "2026-02-01", "slipping"),
        ("2026-03-01", None, "2027-01-01", "overdue"),
    ],
)
def test_plans(moment: str, approved: str | None, review: str, status: str) -> None:
    position = plans_at(moment, approved, review).positions["INTEL_PLAN"]
    assert position.status == status


def test_the_deadline_position_stays_fixed() -> None:
    position = plans_at("2026-03-01", "2026-01-01").positions["INTEL_PLAN"]
    assert (position.value_at_deadline, position.status_at_deadline) == (0.0, "overdue")
    assert (position.deadline, position.days_to_deadline) == (date(2025, 12, 31), -60)


def hydra_world(total: int, passed: int) -> Step:
    people = [
        person(f"{number:06d}", str(number), role_code="INTELLIGENCE") for number in range(total)
    ]
    lines = [(f"{number:06d}", "Y", "PASS") for number in range(passed)]
    return step(
        dated("hr/personnel", "2026-06-01", people),
        dated("hydra/attendance", "2026-06-01", hydra("2026-04-30", *lines)),
    )


@pytest.mark.parametrize(
    ("passed", "status"), [(19, "met_on_time"), (18, "overdue"), (20, "met_on_time")]
)
def test_the_target_is_reached_at_exactly_95_in_100(passed: int, status: str) -> None:
    figures = at("2026-06-02", hydra_world(20, passed))
    assert figures.positions["HYDRA"].status == status


@pytest.mark.parametrize(
    ("moment", "verdict"),
    [("2026-06-03T00:00", "fresh"), ("2026-06-03T00:00:01", "stale")],
)
def test_stale_after_two_days_makes_it_unknown_and_shows_the_figures(
    moment: str, verdict: str
) -> None:
    position = at(moment, hydra_world(20, 20)).positions["HYDRA"]
    assert position.source_status == verdict
    assert position.unknown_because == (None if verdict == "fresh" else "SOURCE_STALE")
    assert position.status == ("met_on_time" if verdict == "fresh" else "unknown")
    assert (position.numerator, position.denominator) == (20, 20)


def test_the_second_reading_of_training_counts_the_long_term_absent() -> None:
    people = [
        person("000001", "1", role_code="INTELLIGENCE"),
        person("000002", "2", role_code="INTELLIGENCE", absence_status="MATERNITY"),
    ]
    attended = hydra("2026-04-30", ("000001", "Y", "PASS"))
    position = at(
        "2026-06-02",
        step(
            dated("hr/personnel", "2026-06-01", people),
            dated("hydra/attendance", "2026-06-01", attended),
        ),
    ).positions["HYDRA"]
    assert (position.numerator, position.denominator, position.target) == (1, 1, 0.95)
    assert position.second_reading == "hydra_completion_incl_absent"
    assert (position.second_numerator, position.second_denominator) == (1, 2)
    assert position.second_value == 0.5


def test_the_second_reading_of_referrals_counts_status_checks_and_no_victims() -> None:
    tables = {
        "referrals": [
            referral(f"R{number}", "11", f"{month}-10T12:00", referral_type=kind)
            for number, (month, kind) in enumerate(
                [
                    ("2026-05", "IMMIGRATION_CRIME"),
                    ("2026-05", "STATUS_CHECK"),
                    ("2025-07", "STATUS_CHECK"),
                    ("2025-06", "STATUS_CHECK"),
                    ("2026-05", "VICTIM"),
                ]
            )
        ],
        "documents": [document("U1", "11", "2026-05-10T12:00", nccu_referral_ref="R1")],
    }
    snapshot = dated("hr/personnel", "2026-07-01", [person("000001", "11")])
    position = at("2026-07-02", step(snapshot, **tables)).positions["NCCU_INTEL"]
    assert (position.numerator, position.denominator, position.target) == (0, 1, 1.0)
    assert (position.second_numerator, position.second_denominator) == (1, 3)
    assert (position.figure_from, position.figure_to) == (date(2025, 7, 1), date(2026, 7, 2))


def test_plans_have_a_target_of_three_strands_and_no_second_reading() -> None:
    position = plans_at("2026-03-01", "2025-12-31").positions["INTEL_PLAN"]
    assert (position.target, position.second_reading, position.second_value) == (3, None, None)
    assert position.policy_confirmed is False


def nccu(months: list[tuple[str, int, int]], moment: str = "2026-07-02") -> str:
    """Return the status of `NCCU_INTEL` for given numbers of referrals in some months.

    Each item of `months` has the month, the number of its referrals with a document, and the number
    of all its referrals.
    """
    referrals: list[Row] = []
    documents: list[Row] = []
    for month, answered, total in months:
        for number in range(total):
            ref, when = f"{month}/{number}", f"{month}-10T12:00"
            referrals.append(referral(ref, "11", when, occurrence_ref=ref))
            if number < answered:
                documents.append(document(f"U{ref}", "11", when, occurrence_ref=ref))
    snapshot = dated("hr/personnel", "2026-07-01", [person("000001", "11")])
    tables = {"referrals": referrals, "documents": documents}
    return at(moment, step(snapshot, **tables)).positions["NCCU_INTEL"].status


@pytest.mark.parametrize(
    ("months", "status"),
    [
        ([("2026-05", 0, 3)], "not_started"),
        # The twelve complete months begin with July 2025.
        ([("2025-06", 3, 3)], "no_cases"),
        ([("2026-04", 1, 1), ("2026-05", 2, 2), ("2026-06", 1, 1)], "sustained"),
        ([("2026-04", 1, 1), ("2026-05", 2, 2), ("2026-06", 1, 2)], "in_progress"),
        # June has no referrals and is "passed over", so the last three months are March, April and
        # May.
        ([("2026-03", 1, 1), ("2026-04", 1, 1), ("2026-05", 2, 2)], "sustained"),
        # The current month, July, is not complete, so it does not count.
        ([("2026-04", 1, 1), ("2026-05", 1, 1), ("2026-06", 1, 1), ("2026-07", 0, 1)], "sustained"),
        # The last three months together have 3/4, and the three months before have 4/5.
        (
            [
                *(("2026-01", 2, 2), ("2026-02", 1, 2), ("2026-03", 1, 1)),
                *(("2026-04", 1, 2), ("2026-05", 1, 1), ("2026-06", 1, 1)),
            ],
            "slipping",
        ),
    ],
)
def test_nccu(months: list[tuple[str, int, int]], status: str) -> None:
    assert nccu(months) == status


def test_views_are_the_latest_events() -> None:
    lines = [
        {"event_at": wall(when), "point_code": "HYDRA", "party": party, "status": status}
        for when, party, status in (
            ("2026-01-01T10:00", "FORCE", "in_progress"),
            ("2026-02-01T10:00", "FORCE", "met_on_time"),
            ("2026-03-01T10:00", "FORCE", "overdue"),  # after as_at
            ("2026-01-15T10:00", "COMMISSIONER", "overdue"),
        )
    ]
    log = undated("governance/recommendations", "2026-02-05T09:00", lines)
    position = at("2026-02-20", step(log)).positions["HYDRA"]
    assert position.force_self_assessment == "met_on_time"
    assert position.commissioner_judgement == "overdue"


def test_each_day_has_the_status_of_that_day() -> None:
    daily = plans_at("2026-03-01", "2026-01-02", "2026-02-01").daily
    days = ("2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02", "2026-02-01", "2026-02-02")
    statuses = [daily["INTEL_PLAN", date.fromisoformat(day)].status for day in days]
    assert statuses == [
        "not_started", "overdue", "overdue", "met_late", "met_late", "slipping",
    ]  # fmt: skip


def test_a_referral_counts_on_a_day_once_it_was_answered_or_its_grace_had_ended() -> None:
    tables = {
        "referrals": [
            referral("LATE", "11", "2026-05-01T12:00", occurrence_ref="A"),
            referral("IN TIME", "11", "2026-05-02T12:00", occurrence_ref="B"),
        ],
        "documents": [
            document("U1", "11", "2026-05-06T12:00", occurrence_ref="A"),
            document("U2", "11", "2026-05-02T13:00", occurrence_ref="B"),
        ],
    }
    snapshot = dated("hr/personnel", "2026-05-10", [person("000001", "11")])
    daily = at("2026-05-10", step(snapshot, **tables)).daily
    counts = [
        (daily["NCCU_INTEL", date(2026, 5, day)].numerator,
         daily["NCCU_INTEL", date(2026, 5, day)].denominator)
        for day in (1, 2, 3, 4, 5, 6)
    ]  # fmt: skip
    assert counts == [(0, 0), (1, 1), (1, 1), (1, 2), (1, 2), (2, 2)]


def test_views_disagree_from_the_first_day_on_which_they_differ() -> None:
    lines = [
        {"event_at": wall(when), "point_code": "INTEL_PLAN", "party": party, "status": status}
        for when, party, status in (
            ("2026-01-10T10:00", "FORCE", "complete"),
            ("2026-01-12T10:00", "COMMISSIONER", "overdue"),
            ("2026-01-15T23:59", "FORCE", "overdue"),
        )
    ]
    figures = at("2026-01-20", step(undated("governance/recommendations", "2026-01-19", lines)))
    assert [
        (point, since, stretch.disagreed_until, stretch.days)
        for (point, since), stretch in figures.disagreements.items()
    ] == [("INTEL_PLAN", date(2026, 1, 10), date(2026, 1, 14), 5)]
