"""The recommendations of the inspection."""

from expectations.shared.code_lists import POINTS, sql_rows
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, filled, no_rows, one_of, sql

_MISSING_POINTS = """
with force as (select distinct force_code from {candidate}.source_freshness)
select force.force_code, point.code as point_code
from force
cross join (values <<points>>) as point (code)
left join {rows} as shown on force.force_code = shown.force_code and point.code = shown.point_code
where shown.point_code is null
"""


@mart_suite(
    "dim_recommendation",
    one_row_per=("recommendation_code",),
    source_text_columns=("title", "partners"),
    sentence_columns=("title", "partners"),
)
def dim_recommendation() -> Expectations:
    """Ten recommendations, four of which are assured by figures."""
    return [
        filled("title", "status", description="Every recommendation has a value in {column}."),
        one_of(
            "point_code",
            POINTS,
            description="Every assured recommendation has one of the four points.",
        ),
        no_rows(
            "no_point_missing",
            sql(_MISSING_POINTS, points=sql_rows(POINTS)),
            description="Every one of the four points has a recommendation.",
            dimension="completeness",
        ),
    ]
