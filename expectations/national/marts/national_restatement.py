"""The figures of past months that forces have changed."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, one_of


@mart_suite(
    "national_restatement",
    one_row_per=(
        "reporting_force_code",
        "force_publication_id",
        "measure_code",
        "period_start",
        "step",
    ),
    source_text_columns=("reporting_force_code",),
)
def national_restatement() -> Expectations:
    """Every restated figure of every force, with its causes."""
    return [
        one_of(
            "cause",
            ("LATE_RECORD", "CORRECTED_RECORD", "DELETED_RECORD", "RULE_CHANGE"),
            description="Every cause is a defined one.",
        ),
    ]
