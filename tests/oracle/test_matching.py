"""Worked examples of the contract's section "How a referral gets its class"."""

from __future__ import annotations

from typing import Any

import pytest

from .clock import wall
from .examples import at, dated, document, person, referral, stamped, step
from .figures import Figures
from .matching import grading_is_valid
from .model import Row

NOON = "2026-01-05T12:00"


def classes(referrals: list[Row], documents: list[Row], moment: str = "2026-02-01") -> Figures:
    return at(moment, step(referrals=referrals, documents=documents))


def shown(figures: Figures, ref: str) -> tuple[str, str, str | None]:
    fact = figures.referrals[ref]
    return fact.intelligence_class, fact.link_method, fact.report_urn


@pytest.mark.parametrize(
    ("submitted", "expected"),
    [
        ("2026-01-05T12:01", "submitted_in_time"),
        ("2026-01-06T12:00", "submitted_in_time"),  # exactly `timely_hours`
        ("2026-01-06T12:00:01", "submitted_late"),
        ("2026-01-04T12:00", "submitted_in_time"),  # exactly `before_call_hours` before the contact
        ("2026-01-04T11:59:59", "missing"),  # earlier than that: "is no document"
    ],
)
def test_the_class_changes_at_the_exact_second(submitted: str, expected: str) -> None:
    figures = classes([referral("R1", "11", NOON)], [document("U1", "11", submitted)])
    assert figures.referrals["R1"].intelligence_class == expected


def test_hours_can_be_negative_and_are_elapsed_across_a_clock_change() -> None:
    contact = referral("R1", "11", "2026-03-28T12:00")  # the clocks go forward on 29 March
    figures = classes([contact], [document("U1", "11", "2026-03-29T13:00")], "2026-05-01")
    assert figures.referrals["R1"].hours_to_submission == 24.0
    assert figures.referrals["R1"].intelligence_class == "submitted_in_time"
    figures = classes([referral("R1", "11", NOON)], [document("U1", "11", "2026-01-05T06:00")])
    assert figures.referrals["R1"].hours_to_submission == -6.0


@pytest.mark.parametrize(
    ("moment", "expected"),
    [("2026-01-08T11:59:59", "awaiting"), ("2026-01-08T12:00", "missing")],
)
def test_awaiting_while_as_at_is_before_contact_plus_grace(moment: str, expected: str) -> None:
    figures = classes([referral("R1", "11", NOON)], [], moment)
    assert shown(figures, "R1") == (expected, "NONE", None)
    assert figures.referrals["R1"].is_counted is (expected == "missing")


def test_a_document_that_names_a_referral_is_never_used_for_another() -> None:
    referrals = [referral("R1", "11", NOON), referral("R2", "11", "2026-01-05T13:00")]
    figures = classes(referrals, [document("U1", "11", NOON, nccu_referral_ref="R2")])
    assert shown(figures, "R2") == ("submitted_in_time", "REFERRAL_REF", "U1")
    assert shown(figures, "R1")[0] == "missing"


def test_a_document_that_came_too_early_is_not_used_for_another() -> None:
    late = referral("R2", "11", "2026-01-09T12:00")
    early = document("U1", "11", NOON, nccu_referral_ref="R2")
    figures = classes([referral("R1", "11", NOON), late], [early])
    assert shown(figures, "R1")[0] == shown(figures, "R2")[0] == "missing"


@pytest.mark.parametrize("name", ["R-none", "R-gone"])
def test_a_name_that_does_not_exist_counts_as_no_name(name: str) -> None:
    gone = stamped(referral("R-gone", "11", NOON), NOON, NOON, NOON)
    documents = [document("U1", "11", NOON, nccu_referral_ref=name)]
    figures = classes([referral("R1", "11", NOON), gone], documents)
    assert shown(figures, "R1") == ("submitted_in_time", "OCCURRENCE_OFFICER", "U1")
    assert "R-gone" not in figures.referrals


def test_a_referral_without_an_occurrence_can_only_be_named() -> None:
    lonely = referral("R1", "11", NOON, occurrence_ref=None)
    unnamed = document("U1", "11", NOON, occurrence_ref=None)
    assert shown(classes([lonely], [unnamed]), "R1")[0] == "missing"
    named = document("U1", "11", NOON, occurrence_ref=None, nccu_referral_ref="R1")
    assert shown(classes([lonely], [named]), "R1")[1] == "REFERRAL_REF"


def test_documents_of_the_own_officer_are_matched_first_then_any() -> None:
    referrals = [referral("R1", "11", NOON), referral("R2", "22", "2026-01-05T12:30")]
    documents = [document("U1", "22", "2026-01-05T13:00"), document("U2", "22", "2026-01-05T14:00")]
    figures = classes(referrals, documents)
    assert shown(figures, "R2") == ("submitted_in_time", "OCCURRENCE_OFFICER", "U1")
    assert shown(figures, "R1") == ("submitted_by_other", "OCCURRENCE_ONLY", "U2")


def test_referrals_take_one_each_in_order_of_contact_then_reference() -> None:
    referrals = [referral("R2", "11", NOON), referral("R1", "11", NOON)]
    documents = [document("U2", "11", NOON), document("U1", "11", NOON)]
    figures = classes(referrals, documents)
    assert (shown(figures, "R1")[2], shown(figures, "R2")[2]) == ("U1", "U2")


def test_a_document_too_early_for_one_referral_is_left_for_another() -> None:
    referrals = [referral("R1", "11", "2026-01-07T12:00"), referral("R2", "22", NOON)]
    figures = classes(referrals, [document("U1", "11", NOON)])
    assert shown(figures, "R1")[0] == "missing"
    assert shown(figures, "R2") == ("submitted_by_other", "OCCURRENCE_ONLY", "U1")


def test_a_referral_named_by_another_officer_also_takes_its_own_officers_document() -> None:
    documents = [
        document("U1", "22", NOON, nccu_referral_ref="R1"),
        document("U2", "11", "2026-01-07T12:00"),
    ]
    figures = classes([referral("R1", "11", NOON)], documents)
    assert shown(figures, "R1") == ("submitted_late", "OCCURRENCE_OFFICER", "U2")


def test_the_earliest_of_equal_documents_decides() -> None:
    documents = [
        document("U1", "11", "2026-01-05T20:00", nccu_referral_ref="R1"),
        document("U2", "11", "2026-01-05T19:00", nccu_referral_ref="R1"),
    ]
    assert shown(classes([referral("R1", "11", NOON)], documents), "R1")[2] == "U2"


@pytest.mark.parametrize("status", ["RETURNED", "REJECTED", "WITHDRAWN"])
def test_documents_that_do_not_count_decide_only_when_none_counts(status: str) -> None:
    bad = document("U1", "11", NOON, status=status)
    alone = classes([referral("R1", "11", NOON)], [bad])
    assert shown(alone, "R1") == ("submitted_invalid", "OCCURRENCE_OFFICER", "U1")
    both = classes([referral("R1", "11", NOON)], [bad, document("U2", "22", NOON)])
    assert shown(both, "R1") == ("submitted_by_other", "OCCURRENCE_ONLY", "U2")


@pytest.mark.parametrize(
    "more",
    [{"status": "DRAFT"}, {"submitted_at": None}, {"document_type_code": "INTEL_LOG"}],
)
def test_reports_that_are_no_documents(more: dict[str, Any]) -> None:
    figures = classes([referral("R1", "11", NOON)], [document("U1", "11", NOON, **more)])
    assert shown(figures, "R1") == ("missing", "NONE", None)


@pytest.mark.parametrize(
    ("scheme", "grade", "conditions", "valid"),
    [
        ("3x5x2", "1AP", None, True),
        ("3x5x2", "3EC", "ask first", True),
        ("3x5x2", "3EC", None, False),
        ("3x5x2", "3EC", "  ", False),
        ("3x5x2", "4AP", None, False),
        ("3x5x2", "B21", None, False),  # "never mixed"
        ("5x5x5", "B21", None, True),
        ("5x5x5", "E55", None, True),  # "with no 5x5x5 code"
        ("5x5x5", "1AP", None, False),
        ("5x5x5", "F11", None, False),
    ],
)
def test_grading(scheme: str, grade: str, conditions: str | None, valid: bool) -> None:
    names = ("source_evaluation", "intelligence_assessment", "handling_code")
    row = dict(zip(names, grade, strict=True))
    assert valid is grading_is_valid(
        {
            **row,
            "grading_scheme": scheme,
            "handling_conditions": conditions,
            "submitted_at": wall(NOON),
        }
    )


def test_a_reused_number_is_two_people_on_two_days() -> None:
    first, second = person("000001", "11"), person("000003", "11", start_date=wall(NOON).date())
    files = (
        dated("hr/personnel", "2025-12-01", [first]),
        dated("hr/personnel", "2026-01-06", [{**first, "leave_date": wall(NOON).date()}, second]),
    )
    documents = [document("U1", "11", "2026-01-06T11:00")]
    figures = at(
        "2026-02-01", step(*files, referrals=[referral("R1", "11", NOON)], documents=documents)
    )
    assert shown(figures, "R1") == ("submitted_by_other", "OCCURRENCE_ONLY", "U1")
    assert figures.referrals["R1"].org_unit_code == "T1"


def test_two_in_post_with_one_number_are_unresolved_and_the_same_person() -> None:
    both = dated("hr/personnel", "2025-12-01", [person("000001", "11"), person("000003", "11")])
    tables = {"referrals": [referral("R1", "11", NOON)], "documents": [document("U1", "11", NOON)]}
    figures = at("2026-02-01", step(both, **tables))
    assert shown(figures, "R1") == ("submitted_in_time", "OCCURRENCE_OFFICER", "U1")
    assert figures.referrals["R1"].org_unit_code == "UNKNOWN"
    assert figures.referrals["R1"].is_counted
