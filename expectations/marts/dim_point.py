"""The assurance points, and who answers for them."""

from expectations.shared.code_lists import (
    POINT_OF_MEASURE,
    POINTS,
    sql_rows,
)
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import (
    ASSURANCE_LEAD,
    WARNING,
    Expectations,
    every_row,
    no_rows,
    sql,
)

_MISSING_POINTS = """
with force as (select distinct force_code from {candidate}.source_freshness)
select force.force_code, point.code as point_code
from force
cross join (values <<points>>) as point (code)
left join {rows} as shown on force.force_code = shown.force_code and point.code = shown.point_code
where shown.point_code is null
"""

_OTHER_MEASURES = """
select shown.point_code
from {rows} as shown
left join (values <<measures>>) as declared (measure_code, code)
    on shown.measure_code = declared.measure_code
left join (values <<measures>>) as second (measure_code, code)
    on shown.second_measure_code = second.measure_code
where declared.code is distinct from shown.point_code
    or shown.second_measure_code is not null and second.code is distinct from shown.point_code
    or shown.second_measure_code = shown.measure_code
"""


@mart_suite(
    "dim_point",
    one_row_per=("point_code",),
    source_text_columns=("title", "question", "owner_role"),
    sentence_columns=("title", "question"),
)
def dim_point() -> Expectations:
    """Every assurance point, with its question, its target and who answers for it."""
    return [
        no_rows(
            "every_point_is_listed",
            sql(_MISSING_POINTS, points=sql_rows(POINTS)),
            description="Every point is listed.",
            dimension="completeness",
        ),
        no_rows(
            "measures_of_the_point",
            sql(
                _OTHER_MEASURES,
                measures=sql_rows(POINT_OF_MEASURE.keys(), POINT_OF_MEASURE.values()),
            ),
            description=(
                "Every point has a first measure of its own, and its second one is another."
            ),
        ),
        every_row(
            "target_has_a_unit",
            "(target is null) = (target_unit is null) and coalesce(target > 0, true)",
            description="Every target is above zero and has a unit.",
            columns=("target", "target_unit"),
            dimension="validity",
        ),
        every_row(
            "somebody_answers_for_it",
            "owner_role is not null",
            description="Every point has a role that answers for it.",
            columns=("owner_role",),
            dimension="completeness",
            severity=WARNING,
            owner=ASSURANCE_LEAD,
        ),
    ]
