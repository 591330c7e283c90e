"""A policy with a gap or an overlap is refused. The message names the policy and the day."""

from datetime import date

import pytest

from oic_assurance.builds.policy_check import COVERAGES, Coverage, check_policy, find_problems
from oic_assurance.settings import load_settings

UNTIL = date(2026, 3, 1)
THRESHOLD = Coverage("policy_threshold", ("name",), "{name} is missing", only_one=True)


def problems(*spans: tuple[str, str], coverage: Coverage = THRESHOLD) -> list[str]:
    rows = [
        {"name": "timely_hours", "effective_from": begins, "effective_to": ends}
        for begins, ends in spans
    ]
    return list(find_problems(coverage, rows, UNTIL))


def test_the_default_policy_has_no_problem() -> None:
    check_policy(load_settings(), UNTIL)
    assert {coverage.seed for coverage in COVERAGES} >= {"policy_threshold", "policy_point"}


@pytest.mark.parametrize(
    "spans",
    [
        [("2020-01-01", "")],
        [("2020-01-01", "2025-12-31"), ("2026-01-01", "")],
        [("2026-01-01", ""), ("2019-06-01", "2025-12-31")],
        [("2020-01-01", "2026-03-01")],
    ],
)
def test_rows_that_follow_each_other_cover_every_day(spans: list[tuple[str, str]]) -> None:
    assert problems(*spans) == []


@pytest.mark.parametrize(
    ("spans", "day"),
    [
        ([("2020-01-01", "2026-01-31"), ("2026-02-02", "")], "2026-02-01"),
        ([("2020-01-01", "2026-02-28")], "2026-03-01"),
        ([("2020-01-02", "")], "2020-01-01"),
    ],
)
def test_a_gap_is_named_with_its_first_day(spans: list[tuple[str, str]], day: str) -> None:
    assert problems(*spans) == [
        f"policy_threshold has no row for timely_hours on {day}: timely_hours is missing"
    ]


def test_two_rows_for_one_day_are_named() -> None:
    assert problems(("2020-01-01", "2026-01-31"), ("2026-01-31", "")) == [
        "policy_threshold has two rows for timely_hours on 2026-01-31"
    ]


def test_a_gap_after_the_build_does_not_matter() -> None:
    assert problems(("2020-01-01", "2026-03-15"), ("2026-04-01", "")) == []


def test_a_name_that_must_occur_is_missed() -> None:
    coverage = Coverage("policy_threshold", ("name",), "{name} is missing", names=("grace_hours",))
    found = problems(("2020-01-01", ""), coverage=coverage)
    assert found == ["policy_threshold has no row for grace_hours on 2020-01-01: "
                     "grace_hours is missing"]  # fmt: skip


def test_without_columns_any_row_is_enough() -> None:
    coverage = Coverage("policy_plan_strand", (), "no plan is expected")
    assert problems(("2020-01-01", ""), ("2021-01-01", ""), coverage=coverage) == []
    assert problems(coverage=coverage) == [
        "policy_plan_strand has no row on 2020-01-01: no plan is expected"
    ]


def test_a_force_that_was_merged_may_end() -> None:
    ended = ("2020-01-01", "2026-02-28")
    assert len(problems(ended)) == 1
    coverage = Coverage("policy_threshold", ("name",), "{name} is missing", may_end=True)
    assert problems(ended, coverage=coverage) == []
    assert len(problems(("2020-01-01", "2026-01-31"), ("2026-02-02", ""), coverage=coverage)) == 1
