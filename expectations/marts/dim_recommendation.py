"""The recommendations of the inspection."""

from expectations.shared.code_lists import POINTS, sql_rows
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import (
    Expectations,
    every_row,
    no_rows,
    one_of,
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


@mart_suite(
    "dim_recommendation",
    one_row_per=("recommendation_code",),
    source_text_columns=("title", "partners"),
    sentence_columns=("title", "partners"),
)
def dim_recommendation() -> Expectations:
    """Ten recommendations, four of which are assured by figures."""
    return [
        one_of(
            "point_code",
            POINTS,
            description="Every assured recommendation has an assurance point.",
        ),
        every_row(
            "comment_clock_has_56_days",
            "comment_due_on = report_published_on + 55",
            description="Every comment is due on the 56th day, of which the report's is the first.",
            columns=("comment_due_on", "report_published_on"),
        ),
        every_row(
            "comment_status_follows_the_days",
            sql(
                "case comment_status "
                "when 'ANSWERED_IN_TIME' then commented_on <= comment_due_on "
                "when 'ANSWERED_LATE' then commented_on > comment_due_on "
                "when 'RUNNING' then commented_by_role is null and comment_due_on >= <<today>> "
                "when 'OVERDUE' then commented_by_role is null and comment_due_on < <<today>> "
                "when 'REPORT_DAY_UNKNOWN' then comment_due_on is null "
                "else commented_on is null end",
                today="({as_at} at time zone 'Europe/London')::date",
            ),
            description="Every status of a comment follows from its day and the last day.",
            columns=("comment_status", "commented_on", "comment_due_on"),
        ),
        no_rows(
            "no_point_missing",
            sql(_MISSING_POINTS, points=sql_rows(POINTS)),
            description="Every point has a recommendation.",
            dimension="completeness",
        ),
    ]
