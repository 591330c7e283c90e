"""Intelligence documents, metadata only."""

from expectations.codes import REPORT_STATUSES
from expectations.mart import mart, not_later, officer_keys
from expectations.past import as_many_as_published
from expectations.raw import adds_up_to_raw
from expectations.vocabulary import Promises, every_row, filled, one_of


@mart(
    "fct_intelligence_report",
    one_row_per=("report_urn",),
    # Codes of the intelligence system, landed as they come.
    names_from_sources=("report_urn", "document_type_code", "grading_scheme", "handling_code"),
)
def fct_intelligence_report() -> Promises:
    """Every intelligence document, by what it is and never by what it says."""
    return [
        filled("status", "is_graded_validly", words="Every document has its {column}."),
        officer_keys(),
        one_of("status", REPORT_STATUSES, words="Every document has a status that is defined."),
        not_later("submitted_at", "No submission is from after the moment the figures are for."),
        every_row(
            "valid_grading_has_a_scheme",
            "grading_scheme in ('3x5x2', '5x5x5') and handling_code is not null",
            among="is_graded_validly",
            words="No grading is called valid without a scheme and a handling code.",
            columns=("is_graded_validly",),
        ),
        adds_up_to_raw(
            "intelligence_report",
            "report_urn",
            "true",
            words="Every document that was landed and stands is here once, and nothing else is.",
        ),
        as_many_as_published("fct_intelligence_report"),
    ]
