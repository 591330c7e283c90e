"""Worked examples of the contract's section "Measures and their codes"."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from .clock import wall
from .examples import at, custody, dated, document, occurrence, person, referral, step, undated
from .figures import Figures
from .model import Row
from .stats import percentile, wilson

JANUARY = date(2026, 1, 1)
NOON = "2026-01-05T12:00"


def fraction(figures: Figures, code: str, month: date = JANUARY, unit: str = "ALL") -> str:
    row = figures.measures[code, month, unit]
    return f"{row.numerator}/{row.denominator}"


def test_wilson_by_hand() -> None:
    low, high = wilson(8, 10)
    assert low == pytest.approx(0.490162, abs=1e-6)
    assert high == pytest.approx(0.943318, abs=1e-6)
    assert wilson(0, 5)[0] == 0.0
    assert wilson(0, 0) == (None, None)


def test_percentiles_are_continuous() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.5
    assert percentile([1.0, 2.0], 0.9) == pytest.approx(1.9)
    assert percentile([], 0.5) is None


def test_a_referral_type_counts_in_the_measures_that_name_it() -> None:
    referrals = [
        referral("R1", "11", NOON),
        referral("R2", "11", "2026-01-06T12:00", referral_type="STATUS_CHECK"),
        referral("R3", "11", "2026-01-07T12:00", referral_type="VICTIM"),
    ]
    documents = [document("U1", "11", "2026-01-08T12:00")]  # too late for R1
    figures = at("2026-02-01", step(referrals=referrals, documents=documents))
    assert fraction(figures, "nccu_intel_compliance") == "1/1"
    assert fraction(figures, "nccu_intel_compliance_all_types") == "1/2"
    assert fraction(figures, "nccu_status_check_compliance") == "0/1"
    assert fraction(figures, "nccu_intel_in_time") == "0/1"
    median = figures.measures["nccu_hours_to_submission_p50", JANUARY, "ALL"]
    assert (median.numerator, median.denominator, median.value) == (None, 1, 72.0)


def test_denominator_0_has_no_value() -> None:
    row = at("2026-02-01", step()).measures["nccu_intel_compliance", JANUARY, "ALL"]
    assert (row.numerator, row.denominator, row.value, row.ci_low) == (0, 0, None, None)


def test_capture_completeness() -> None:
    victim = referral("R1", "11", NOON, referral_type="VICTIM")
    tables = {
        "occurrences": [occurrence("O1"), occurrence("O2"), occurrence("O3", "CANCELLED")],
        "referrals": [victim, referral("R3", "11", NOON, occurrence_ref="O3")],
        "custody": [
            custody("O1", "22", "2026-01-05T13:00"),
            custody("O1", "11", "2026-02-05T13:00"),  # the first record decides month and team
            custody("O2", "11", "2026-01-05T13:00"),
            custody("O3", "11", "2026-01-05T13:00"),
            custody(None, "11", "2026-01-05T13:00"),  # "an occurrence of its own"
            custody("O9", "11", "2026-01-05T13:00", detention_reason_code="THEFT"),
        ],
    }
    figures = at("2026-03-01", step(**tables))
    assert fraction(figures, "nccu_capture_completeness") == "1/3"
    assert fraction(figures, "nccu_capture_completeness", unit="T2") == "1/1"
    assert fraction(figures, "nccu_capture_completeness", date(2026, 2, 1)) == "0/0"
    assert set(figures.incidents) == {"O1", "O2"}


def completion(employee: str, module: int, when: str, **more: str) -> Row:
    row = {
        "employee_no": employee,
        "module_code": f"OIC-EL-{module}",
        "module_version": "1",
        "status": "COMPLETED",
        "completed_at": wall(when),
    }
    return {**row, **more}


def test_a_module_needs_the_current_version_after_its_launch() -> None:
    lines = [completion("000001", module, "2026-01-31T23:59:59") for module in (1, 2, 3)]
    lines += [
        completion("000001", 4, "2026-02-01T00:00"),
        completion("000002", 1, "2025-05-31T23:59:59"),  # before the launch
        completion("000002", 2, "2025-06-01T00:00"),
        completion("000002", 3, "2025-07-01T00:00", module_version="2"),
        completion("000002", 4, "2025-07-01T00:00", status="FAILED"),
    ]
    figures = at("2026-03-01", step(dated("lms/completions", "2026-02-02", lines)))
    assert fraction(figures, "elearning_completion") == "0/2"
    assert fraction(figures, "elearning_completion", date(2026, 2, 1)) == "1/2"
    assert [fraction(figures, f"elearning_module_{n}") for n in (1, 2, 3, 4)] == [
        *("1/2", "2/2", "1/2", "0/2")
    ]
    before = at("2026-02-01T23:59", step(dated("lms/completions", "2026-02-02", lines)))
    assert fraction(before, "elearning_module_1") == "0/2"  # a file dated later


def hydra(day: str, *attendance: tuple[str, str | None, str | None]) -> dict[str, list[Row]]:
    sessions: list[Row] = [{"session_code": "S1", "session_date": date.fromisoformat(day)}]
    names = ("employee_no", "attended", "outcome")
    rows = [{"session_code": "S1", **dict(zip(names, line, strict=True))} for line in attendance]
    return {"Sessions": sessions, "Attendance": rows}


def test_hydra_needs_attendance_and_a_pass_and_absence_is_shown_both_ways() -> None:
    people = [
        person("000001", "11", role_code="CONTROL_ROOM"),
        person("000002", "22", role_code="CONTROL_ROOM"),
        person("000003", "33", role_code="CONTROL_ROOM", absence_status="SECONDMENT"),
        person("000004", "44", role_code="RESPONSE"),
        person("000005", "55", role_code="CONTROL_ROOM", start_date=date(2026, 2, 1)),
    ]
    workbook = hydra(
        "2026-01-31", ("000001", "Y", "PASS"), ("000002", "N", "PASS"), ("000003", "Y", "REFER")
    )
    files = (
        dated("hr/personnel", "2026-01-01", people),
        dated("hydra/attendance", "2026-02-03", workbook),
    )
    figures = at("2026-02-20", step(*files))
    assert fraction(figures, "hydra_completion") == "1/2"
    assert fraction(figures, "hydra_completion_incl_absent") == "1/3"
    assert fraction(figures, "hydra_completion", date(2025, 12, 1)) == "0/2"
    assert fraction(figures, "hydra_completion", date(2026, 2, 1)) == "1/3"  # today: one joined
    mine = [f for f in figures.requirements if f.requirement_code == "HYDRA" and f.is_complete]
    assert [(f.employee_no, f.completed_on) for f in mine] == [("000001", date(2026, 1, 31))]


def plan(strand: str, approved: str | None, review: str | None, **more: str | None) -> Row:
    row = {
        "plan_ref": f"P-{strand}",
        "strand": strand,
        "owner_role": "Head",
        "evidence_ref": "E1",
        "approved_date": date.fromisoformat(approved) if approved else None,
        "review_due_date": date.fromisoformat(review) if review else None,
    }
    return {**row, **more}


def test_strands_met_by_month_end() -> None:
    plans = [
        plan("COLLECT", "2025-12-31", "2026-02-28"),
        plan("ANALYSE", "2026-01-01", "2027-01-01"),
        plan("SHARE", "2025-01-01", "2027-01-01", owner_role=None),
    ]
    register = undated("governance/plans", "2026-02-20T09:00", {"Plans": plans})
    figures = at("2026-03-10", step(register))
    expected = {
        date(2025, 11, 1): "0/3",
        date(2025, 12, 1): "1/3",
        JANUARY: "2/3",
        date(2026, 2, 1): "2/3",  # a review date "not before the day"
        date(2026, 3, 1): "1/3",
    }
    for month, value in expected.items():
        assert fraction(figures, "intel_plan_strands_met", month) == value
    assert [figures.strands[s]["is_met"] for s in ("COLLECT", "ANALYSE", "SHARE")] == [
        *(False, True, False)
    ]


def test_position_of_nccu_pools_twelve_complete_months_and_the_current_one() -> None:
    referrals = [
        referral("R1", "11", "2025-01-31T23:59", occurrence_ref="A"),
        referral("R2", "11", "2025-02-01T00:00", occurrence_ref="B"),
        referral("R3", "11", "2026-02-10T00:00", occurrence_ref="C"),
    ]
    documents = [document("U1", "11", "2026-02-10T00:00", occurrence_ref="C")]
    figures = at("2026-02-19", step(referrals=referrals, documents=documents))
    position = figures.positions["NCCU_INTEL"]
    assert (position.numerator, position.denominator) == (1, 2)
    assert isinstance(figures.as_at, datetime)
