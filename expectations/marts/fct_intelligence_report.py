"""Metadata of intelligence documents."""

from expectations.shared.mart_suite import mart_suite, not_later, officer_keys
from expectations.shared.own_history import as_many_as_published
from expectations.shared.recounts import adds_up_to_raw
from expectations.vocabulary import Expectations, every_row


@mart_suite(
    "fct_intelligence_report",
    one_row_per=("report_urn",),
    # These columns hold codes from the intelligence system. Landing accepts any string in them.
    # A code without words is its own label.
    source_text_columns=(
        *("report_urn", "document_type_code", "document_type_label", "grading_scheme"),
        *("grading_scheme_label", "handling_code", "handling_label"),
    ),
)
def fct_intelligence_report() -> Expectations:
    """Metadata of every intelligence document, without its content."""
    return [
        officer_keys(),
        not_later(
            "submitted_at", "No submission is later than the moment that the figures are for."
        ),
        every_row(
            "valid_grading_has_a_scheme",
            "grading_scheme in ('3x5x2', '5x5x5') and handling_code is not null",
            where="is_graded_validly",
            description="Every valid grading has a known scheme and a handling code.",
            columns=("is_graded_validly",),
        ),
        adds_up_to_raw(
            "intelligence_report",
            "report_urn",
            "true",
            description=(
                "The documents are exactly those in raw at the moment that the figures are for."
            ),
        ),
        as_many_as_published("fct_intelligence_report"),
    ]
