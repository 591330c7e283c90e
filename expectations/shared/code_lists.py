"""The code lists that suites use. They come from the mart contract and the declared measures.

The measures are read from their declarations, so that a new measure is added in one place.
The other lists come from the mart contract and are written out here. A list in a seed with
effective dates is not read from the seed, because the rows that are in force depend on the build.
"""

from collections.abc import Iterable

from oic_assurance.builds.declared import read_declared
from oic_assurance.settings import PROJECT_ROOT

POINTS = ("NCCU_INTEL", "INTEL_PLAN", "HYDRA", "ELEARNING")

_DECLARED = read_declared(PROJECT_ROOT).measures

POINT_OF_MEASURE = {code: measure["point"] for code, measure in _DECLARED.items()}
MEASURES = tuple(POINT_OF_MEASURE)
HOURS_MEASURES = tuple(code for code, one in _DECLARED.items() if one["unit"] == "hours")

# The measures that expectations compute a second time. They are listed here and not read from the
# declarations, so that an expectation fails if a measure is missing there.
REFERRAL_MEASURES = (
    "nccu_intel_compliance",
    "nccu_intel_compliance_all_types",
    "nccu_intel_in_time",
)
MODULE_MEASURES = tuple(f"elearning_module_{number}" for number in range(1, 5))
# The first measure of each point. The position of a point shows the figure of this measure.
MEASURE_OF_POINT = {
    "NCCU_INTEL": "nccu_intel_compliance",
    "INTEL_PLAN": "intel_plan_strands_met",
    "HYDRA": "hydra_completion",
    "ELEARNING": "elearning_completion",
}

# The measure of the second reading, for each point that has one. It also counts what the first
# measure leaves out: status checks, or the long-term absent.
SECOND_MEASURE_OF_POINT = {
    "NCCU_INTEL": "nccu_intel_compliance_all_types",
    "HYDRA": "hydra_completion_incl_absent",
    "ELEARNING": "elearning_completion_incl_absent",
}
TARGET_UNITS = ("share", "strands")

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
COMMENT_STATUSES = (
    "ANSWERED_IN_TIME",
    "ANSWERED_LATE",
    "ANSWERED_DAY_UNKNOWN",
    "RUNNING",
    "OVERDUE",
    "REPORT_DAY_UNKNOWN",
)
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
    "BOARD_ACTION_OVERDUE",
    "BOARD_ACTION_CLOSED_NOT_MET",
)
RESTATEMENT_CAUSES = ("LATE_RECORD", "CORRECTED_RECORD", "DELETED_RECORD", "RULE_CHANGE")
VERDICTS = ("passed", "info", "warning", "critical")


def sql_list(codes: Iterable[str]) -> str:
    """Return the codes as SQL for a list after `in`: `'A', 'B'`."""
    return ", ".join(f"'{code}'" for code in codes)


def sql_rows(*columns: Iterable[str]) -> str:
    """Return SQL for the rows after `values`. Each argument has the codes of one column.

    The columns `A, B` and `X, Y` give `('A', 'X'), ('B', 'Y')`.
    """
    return ", ".join(f"({sql_list(row)})" for row in zip(*columns, strict=True))
