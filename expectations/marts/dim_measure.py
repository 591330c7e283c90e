"""The measures and their titles."""

from expectations.shared.code_lists import MEASURES, sql_rows
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, one_of, sql

_MISSING_MEASURES = """
with force as (select distinct force_code from {candidate}.source_freshness)
select force.force_code, measure.code as measure_code
from force
cross join (values <<measures>>) as measure (code)
left join {rows} as shown
    on force.force_code = shown.force_code and measure.code = shown.measure_code
where shown.measure_code is null
"""


@mart_suite(
    "dim_measure",
    one_row_per=("measure_code",),
    source_text_columns=("title", "description"),
    sentence_columns=(
        "title",
        "description",
    ),
)
def dim_measure() -> Expectations:
    """Every measure that is published, with its title and description."""
    return [
        every_row(
            "hours_are_not_added_up",
            "not may_be_added_up",
            where="unit_of_value = 'hours'",
            description="No hours may be added up.",
            columns=("may_be_added_up",),
        ),
        one_of("measure_code", MEASURES, description="Every measure is a defined one."),
        no_rows(
            "no_measure_missing",
            sql(_MISSING_MEASURES, measures=sql_rows(MEASURES)),
            description="Every defined measure is listed.",
            dimension="completeness",
        ),
    ]
