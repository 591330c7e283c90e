"""An unusable decision about a baseline is refused. The message has its line and the reason."""

import pytest

from oic_assurance.builds.baseline_check import find_baseline_problems

MEASURES = ("nccu_intel_compliance", "hydra_completion")


def decision(**changes: str) -> dict[str, str]:
    return {
        "measure_code": "nccu_intel_compliance",
        "baseline_from": "2026-01-01",
        "baseline_to": "",
        "reason": "The referral form was changed",
        "decided_by": "Accountability Board",
        "decided_on": "2026-02-11",
        "effective_from": "2026-02-11",
        "effective_to": "",
    } | changes


def problems(*rows: dict[str, str]) -> list[str]:
    return list(find_baseline_problems(rows, MEASURES))


def test_sound_decisions_have_no_problem() -> None:
    assert problems() == []
    assert (
        problems(
            decision(),
            decision(measure_code="hydra_completion"),
            decision(baseline_from="2026-03-01", baseline_to="2026-03-01"),
            decision(decided_on="2026-01-05", effective_from="2026-01-05",
                     effective_to="2026-02-10"),
        )
        == []
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"reason": " "}, "reason is blank"),
        ({"decided_by": ""}, "decided_by is blank"),
        ({"decided_on": ""}, "decided_on is blank"),
        ({"measure_code": "nccu"}, "'nccu' is no measure of policy_measure"),
        ({"baseline_from": "01/02/2026"},
         "baseline_from is '01/02/2026' and no date such as 2026-03-01"),
        ({"baseline_from": "2026-01-02"},
         "baseline_from is 2026-01-02, but a baseline has whole months: give the first of a month"),
        ({"baseline_to": "2026-02-28"},
         "baseline_to is 2026-02-28, but a baseline has whole months: give the first of a month"),
        ({"baseline_to": "2025-12-01"},
         "the baseline ends on 2025-12-01, before it begins on 2026-01-01"),
        ({"effective_from": "2026-02-10"},
         "it applies from 2026-02-10, before it was decided on 2026-02-11"),
    ],
)  # fmt: skip
def test_an_unusable_decision_is_named(changes: dict[str, str], problem: str) -> None:
    assert problems(decision(measure_code="hydra_completion"), decision(**changes)) == [
        f"policy_spc_baseline, line 3: {problem}"
    ]


def test_two_decisions_that_begin_the_same_baseline_are_refused() -> None:
    assert problems(
        decision(effective_to="2026-03-01"),
        decision(effective_from="2026-03-01"),
        decision(effective_from="2026-02-12", measure_code="hydra_completion"),
    ) == [
        "policy_spc_baseline, line 3: line 2 begins the same baseline of nccu_intel_compliance, "
        "and both apply on the same day"
    ]
