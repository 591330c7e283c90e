"""The recommendations of the inspection."""

from expectations.codes import POINTS, as_rows
from expectations.mart import mart
from expectations.vocabulary import Promises, filled, nothing, one_of, sql

_MISSING_POINTS = """
select force.force_code, point.code as point_code
from (select distinct force_code from {candidate}.source_freshness) as force
cross join (values <<points>>) as point (code)
left join {rows} as shown on force.force_code = shown.force_code and point.code = shown.point_code
where shown.point_code is null
"""


@mart(
    "dim_recommendation",
    one_row_per=("recommendation_code",),
    names_from_sources=("title", "partners"),
    our_words=("title", "partners"),
)
def dim_recommendation() -> Promises:
    """Ten recommendations, the four that are assured by figures among them."""
    return [
        filled("title", "status", words="Every recommendation has its {column}."),
        one_of("point_code", POINTS, words="Recommendations are assured by the four points."),
        nothing(
            "no_point_missing",
            sql(_MISSING_POINTS, points=as_rows(POINTS)),
            words="Each of the four points has its recommendation.",
            dimension="completeness",
        ),
    ]
