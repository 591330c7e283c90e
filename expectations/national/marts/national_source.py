"""The datasets of each force, and whether they are fresh."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations


@mart_suite(
    "national_source",
    one_row_per=("reporting_force_code", "source_dataset"),
    source_text_columns=("reporting_force_code", "source_dataset"),
)
def national_source() -> Expectations:
    """Every dataset of every force, with its state."""
    return []
