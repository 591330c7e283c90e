"""The contract's default policy, with which the worked examples compute.

Contract: "Outside tests assume these defaults". It has no rules for the questions of the Board, so
those here are the examples' own.
"""

from __future__ import annotations

from collections.abc import Iterable

from .policy import PolicyRow

_MODULES = ("OIC-EL-1", "OIC-EL-2", "OIC-EL-3", "OIC-EL-4")
_ROLES = (
    *("RESPONSE", "RESPONSE_SUPERVISOR", "ROADS_POLICING", "NEIGHBOURHOOD", "CUSTODY"),
    *("CONTROL_ROOM", "INTELLIGENCE"),
)
_GRADES = {
    ("3x5x2", "source_evaluation"): "123",
    ("3x5x2", "intelligence_assessment"): "ABCDE",
    ("3x5x2", "handling_code"): "PC",
    ("5x5x5", "source_evaluation"): "ABCDE",
    ("5x5x5", "intelligence_assessment"): "12345",
    ("5x5x5", "handling_code"): "12345",
}


def _rows(columns: str, lines: Iterable[str]) -> list[PolicyRow]:
    """Return a row for each line that applies from the first policy on. A dot is a blank."""
    always = {
        "effective_from": "2020-01-01",
        "effective_to": "",
        "approved_by": "awaiting confirmation",
    }
    names = columns.split()
    return [
        {name: "" if cell == "." else cell for name, cell in zip(names, line.split(), strict=True)}
        | always
        for line in lines
    ]


DEFAULTS = {
    "policy_threshold": _rows(
        "name value",
        (
            *("timely_hours 24", "grace_hours 72", "before_call_hours 24", "nccu_target 1"),
            *("plan_target 1", "training_target 0.95", "suppression_threshold 5"),
            *("recovery_weeks 6", "run_rate_weeks 4"),
        ),
    ),
    "policy_document_type": _rows("document_type_code", ("NCCU_INTEL",)),
    "policy_grading": _rows(
        "grading_scheme element code needs_conditions",
        (
            f"{scheme} {element} {code} {str((scheme, code) == ('3x5x2', 'C')).lower()}"
            if element == "handling_code"
            else f"{scheme} {element} {code} false"
            for (scheme, element), codes in _GRADES.items()
            for code in codes
        ),
    ),
    "policy_absence": _rows(
        "absence_status", ("LONG_TERM_SICK", "MATERNITY", "CAREER_BREAK", "SECONDMENT")
    ),
    "policy_role_requirement": _rows(
        "role_code requirement_code",
        (
            *(f"{role} {module}" for role in _ROLES for module in _MODULES),
            *(f"{role} HYDRA" for role in ("RESPONSE_SUPERVISOR", "CONTROL_ROOM", "INTELLIGENCE")),
        ),
    ),
    "policy_training_item": _rows(
        "requirement_code point_code module_version launched_on",
        (*(f"{one} ELEARNING 1 2025-06-01" for one in _MODULES), "HYDRA HYDRA . 2025-09-01"),
    ),
    "policy_plan_strand": _rows("strand", ("COLLECT", "ANALYSE", "SHARE")),
    "policy_point": _rows(
        "point_code measure_code second_measure_code target_threshold target_unit starts_on "
        "deadline",
        (
            "NCCU_INTEL nccu_intel_compliance nccu_intel_compliance_all_types nccu_target share "
            "2025-01-01 .",
            "INTEL_PLAN intel_plan_strands_met . plan_target strands 2025-01-01 2025-12-31",
            "HYDRA hydra_completion hydra_completion_incl_absent training_target share . "
            "2026-04-30",
            "ELEARNING elearning_completion elearning_completion_incl_absent training_target "
            "share . 2026-04-30",
        ),
    ),
    "policy_staleness": _rows(
        "dataset is_database stale_after_days",
        (
            *("rms/nccu_referral true 1", "intelligence/report true 1", "hr/personnel false 2"),
            *("hr/org_unit false 8", "lms/completions false 2", "hydra/attendance false 8"),
            *("governance/plans false 35", "governance/recommendations false 35"),
            "governance/board false 35",
        ),
    ),
    "policy_voice_status": _rows(
        "status is_assured",
        (
            f"{status} true"
            for status in (
                *("COMPLETE", "COMPLETED", "MET", "MET_ON_TIME", "MET_LATE", "ACHIEVED"),
                *("IMPLEMENTED", "DISCHARGED", "CLOSED", "SUSTAINED", "ASSURED", "GREEN"),
            )
        ),
    ),
    "policy_board_question": _rows(
        "rule_code point_code rule_kind record_class fewest_records threshold rank_weight",
        (
            *("NCCU_TEAM NCCU_INTEL TEAM missing 5 0.1 90",),
            *("PLAN_VOICE INTEL_PLAN VOICE . 1 1 95", "PLAN_DEADLINE INTEL_PLAN DEADLINE . 1 1 85"),
            *("PLAN_REVIEW INTEL_PLAN REVIEW . 1 1 80", "PLAN_ACTION INTEL_PLAN ACTION . 1 1 75"),
            *("HYDRA_SOURCE HYDRA SOURCE . 1 1 100", "HYDRA_TEAM HYDRA TEAM not_complete 5 0.1 90"),
        ),
    ),
}
