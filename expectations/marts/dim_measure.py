"""The measures and what they are called."""

from expectations.codes import MEASURES, as_rows
from expectations.mart import mart
from expectations.vocabulary import Promises, filled, nothing, one_of, sql

_MISSING_MEASURES = """
select force.force_code, measure.code as measure_code
from (select distinct force_code from {candidate}.source_freshness) as force
cross join (values <<measures>>) as measure (code)
left join {rows} as shown
    on force.force_code = shown.force_code and measure.code = shown.measure_code
where shown.measure_code is null
"""


@mart(
    "dim_measure",
    one_row_per=("measure_code",),
    names_from_sources=("title", "description"),
    our_words=(
        "title",
        "description",
    ),
)
def dim_measure() -> Promises:
    """Every measure that figures are published of, and what it says."""
    return [
        filled("title", "description", words="Every measure has its {column}."),
        one_of("unit_of_value", ("share", "hours"), words="Every measure is a share or in hours."),
        one_of("measure_code", MEASURES, words="No measure is shown that is not defined."),
        nothing(
            "no_measure_missing",
            sql(_MISSING_MEASURES, measures=as_rows(MEASURES)),
            words="Every measure that is defined is listed.",
            dimension="completeness",
        ),
    ]
