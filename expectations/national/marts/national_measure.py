"""The measures of forces as a whole, by month."""

from expectations.national.marts.no_rank import no_rank
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows

_OF_UNKNOWN_FORCES = """
select distinct shown.reporting_force_code
from {rows} as shown
inner join {candidate}.national_force_state as force using (reporting_force_code)
where force.state <> 'REPORTED'
"""


@mart_suite(
    "national_measure",
    one_row_per=("reporting_force_code", "measure_code", "period_start"),
    source_text_columns=("reporting_force_code",),
)
def national_measure() -> Expectations:
    """Every measure and month of every force whose figures are known."""
    return [
        every_row(
            "months_begin_on_the_first",
            "extract(day from period_start) = 1",
            description="Every month begins on its first day.",
            columns=("period_start",),
            dimension="validity",
            severity="warning",
        ),
        no_rank(),
        no_rows(
            "only_of_reported_forces",
            _OF_UNKNOWN_FORCES,
            description="No figure is of a force that is unknown.",
            columns=("reporting_force_code",),
        ),
    ]
