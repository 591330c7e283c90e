"""The code lists of the mart contract, as the suites of several marts need them."""

POINTS = ("NCCU_INTEL", "INTEL_PLAN", "HYDRA", "ELEARNING")

REFERRAL_MEASURES = (
    "nccu_intel_compliance",
    "nccu_intel_compliance_all_types",
    "nccu_intel_in_time",
)
HOURS_MEASURES = ("nccu_hours_to_submission_p50", "nccu_hours_to_submission_p90")
MODULE_MEASURES = tuple(f"elearning_module_{number}" for number in range(1, 5))

POINT_OF_MEASURE = {
    **dict.fromkeys(REFERRAL_MEASURES, "NCCU_INTEL"),
    **dict.fromkeys(HOURS_MEASURES, "NCCU_INTEL"),
    "nccu_capture_completeness": "NCCU_INTEL",
    "intel_plan_strands_met": "INTEL_PLAN",
    "hydra_completion": "HYDRA",
    "hydra_completion_incl_absent": "HYDRA",
    "elearning_completion": "ELEARNING",
    "elearning_completion_incl_absent": "ELEARNING",
    **dict.fromkeys(MODULE_MEASURES, "ELEARNING"),
}
MEASURES = tuple(POINT_OF_MEASURE)
MEASURE_OF_POINT = {
    "NCCU_INTEL": "nccu_intel_compliance",
    "INTEL_PLAN": "intel_plan_strands_met",
    "HYDRA": "hydra_completion",
    "ELEARNING": "elearning_completion",
}

POSITION_STATUSES = (
    "not_started",
    "in_progress",
    "met_on_time",
    "met_late",
    "overdue",
    "sustained",
    "slipping",
    "unknown",
)
VOICES = ("FORCE", "COMMISSIONER", "DATA")
FRESHNESS = ("fresh", "stale", "failed")

CHANNELS = ("PHONE", "EMAIL")
REFERRAL_TYPES = ("IMMIGRATION_CRIME", "STATUS_CHECK", "VICTIM")
INTELLIGENCE_CLASSES = (
    "submitted_in_time",
    "submitted_late",
    "submitted_by_other",
    "submitted_invalid",
    "awaiting",
    "missing",
)
LINK_METHODS = ("REFERRAL_REF", "OCCURRENCE_OFFICER", "OCCURRENCE_ONLY", "NONE")
REPORT_STATUSES = ("DRAFT", "SUBMITTED", "RETURNED", "REJECTED", "WITHDRAWN")
DETECTION_ROUTES = (
    "ROAD_POLICING",
    "LORRY_DROP",
    "PUBLIC_CALL",
    "CUSTODY",
    "PARTNER",
    "WARRANT",
    "OTHER",
)

TRAINING_REQUIREMENTS = ("HYDRA", "OIC-EL-1", "OIC-EL-2", "OIC-EL-3", "OIC-EL-4")
EMPLOYMENT_TYPES = ("OFFICER", "STAFF", "PCSO", "SPECIAL")
STRANDS = ("COLLECT", "ANALYSE", "SHARE")
AGE_BANDS = ("0-1", "2-7", "8-28", "over 28")
EXCEPTIONS = (
    "REFERRAL_DOCUMENT_MISSING",
    "REFERRAL_DOCUMENT_BY_OTHER",
    "REFERRAL_DOCUMENT_INVALID",
    "REFERRAL_OFFICER_UNRESOLVED",
    "DOCUMENT_OFFICER_UNRESOLVED",
    "DOCUMENT_NAMES_NO_REFERRAL",
    "CUSTODY_WITHOUT_REFERRAL",
    "TRAINING_OUTSTANDING",
    "HYDRA_PLACE_MISSING",
    "PLAN_REVIEW_OVERDUE",
    "PLAN_STRAND_NOT_MET",
    "PLAN_MILESTONE_OVERDUE",
)
RESTATEMENT_CAUSES = ("LATE_RECORD", "CORRECTED_RECORD", "DELETED_RECORD", "RULE_CHANGE")
VERDICTS = ("passed", "info", "warning", "critical")


def listed(codes: tuple[str, ...]) -> str:
    """Return codes as the list of a SQL `in`."""
    return ", ".join(f"'{code}'" for code in codes)


def as_rows(codes: tuple[str, ...]) -> str:
    """Return codes as the rows of a SQL `values`."""
    return ", ".join(f"('{code}')" for code in codes)
