"""The datasets of each force, and whether they are fresh."""

from expectations.shared.code_lists import FRESHNESS
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, one_of


@mart_suite(
    "national_source",
    one_row_per=("reporting_force_code", "source_dataset"),
    source_text_columns=("reporting_force_code", "source_dataset"),
)
def national_source() -> Expectations:
    """Every dataset of every force, with its state."""
    return [one_of("verdict", FRESHNESS, description="Every dataset is fresh, stale or failed.")]
