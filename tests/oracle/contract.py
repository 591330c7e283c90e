"""The names of tables and columns, copied from the mart contract."""

from __future__ import annotations

COLUMNS: dict[str, tuple[str, ...]] = {
    "assurance_position": (
        *("point_code", "as_at", "status", "numerator"),
        *("denominator", "value", "ci_low", "ci_high"),
        *("deadline", "days_to_deadline", "value_at_deadline", "status_at_deadline"),
        *(
            "value_at_deadline_known_then",
            "status_at_deadline_known_then",
            "required_per_week",
            "recent_per_week",
        ),
        *("forecast_date", "force_self_assessment", "commissioner_judgement", "disagrees"),
        *("source_status", "caveat", "publication_id"),
        *("target", "policy_confirmed", "second_reading"),
        *("second_numerator", "second_denominator", "second_value"),
        *("figure_from", "figure_to", "unknown_because"),
    ),
    "assurance_measure": (
        *("measure_code", "point_code", "period_start", "org_unit_code"),
        *("numerator", "denominator", "value", "ci_low"),
        *("ci_high", "publication_id"),
    ),
    "assurance_spc": (
        *("measure_code", "period_start", "centre", "lower"),
        *("upper", "kind", "variation", "assurance"),
        *("baseline_from", "why_none", "publication_id"),
    ),
    "assurance_exception": (
        *("exception_code", "point_code", "record_ref", "org_unit_code"),
        *("officer_key", "opened_at", "age_days", "age_band"),
        *("publication_id",),
    ),
    "fct_nccu_referral": (
        *("referral_ref", "occurrence_ref", "contacted_at", "channel"),
        *("referral_type", "org_unit_code", "officer_key", "intelligence_class"),
        *("link_method", "report_urn", "hours_to_submission", "is_counted"),
        *("is_compliant", "contacted_at_local", "publication_id"),
    ),
    "fct_oic_incident": (
        *("occurrence_ref", "reported_at", "detection_route", "district_code"),
        *("persons_count", "referral_count", "intelligence_count", "publication_id"),
    ),
    "fct_intelligence_report": (
        *("report_urn", "submitted_at", "status", "grading_scheme"),
        *("is_graded_validly", "handling_code", "officer_key", "publication_id"),
    ),
    "fct_training_requirement": (
        *("officer_key", "requirement_code", "org_unit_code", "is_in_post"),
        *("is_long_term_absent", "is_complete", "completed_on", "publication_id"),
    ),
    "fct_plan_strand": (
        *("strand", "plan_ref", "has_owner", "approved_on"),
        *("review_due_on", "has_evidence", "is_met", "is_met_on_time"),
        *("publication_id",),
    ),
    "board_question": (
        *("point_code", "rank", "rule_code", "org_unit_code"),
        *("words", "numerator", "denominator", "since"),
    ),
    "position_as_published": (
        *("published_at", "as_at", "status", "numerator", "denominator"),
        *("value", "ci_low", "ci_high", "was_withdrawn"),
    ),
    "dim_point": ("title", "question", "target", "deadline", "owner_role"),
    "dim_measure": ("title", "unit_of_value", "more_is_better", "may_be_added_up"),
    "board_action": (
        *("action_ref", "point_code", "owner_role", "agreed_on", "due_on", "times_moved"),
        *("closed_on", "status", "evidence_ref", "evidence_sha256", "publication_id"),
    ),
    "dim_date": (
        *("date_day", "quarter", "month_name", "iso_week"),
        *("financial_year", "financial_quarter", "months_before_today"),
    ),
    "dim_org_unit": (
        "org_unit_code",
        "kind",
        "source_unit_code",
        "directorate",
        "district",
        "team",
    ),
    "dim_officer": (),
    "dim_recommendation": (),
    "data_quality_status": (
        *("dataset", "dimension", "severity", "expectations"),
        *("failed", "checked_at", "verdict", "publication_id"),
    ),
    "source_freshness": (
        *("dataset", "last_record_at", "last_landed_at", "due_by"),
        *("verdict", "publication_id"),
    ),
    "restatement": (
        *("measure_code", "period_start", "org_unit_code", "value_before"),
        *("value_after", "cause", "record_count", "publication_id"),
    ),
    "publication": (
        *("publication_id", "published_at", "as_at", "code_version"),
        *("input_fingerprint", "content_fingerprint", "gate_verdict", "is_current"),
    ),
}
