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

# The last day for a comment follows from the policy in force on the day of the report. Without that
# day, there is no last day.
_OTHER_LAST_DAYS = """
select shown.recommendation_code
from {rows} as shown
left join {policy}.policy_threshold as period on period.name = 'comment_days'
    and greatest(shown.report_published_on, '2020-01-01'::date)
        between period.effective_from and coalesce(period.effective_to, '9999-12-31'::date)
where shown.comment_due_on
    is distinct from shown.report_published_on + round(period.value)::integer - 1
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
        no_rows(
            "comment_clock_has_56_days",
            _OTHER_LAST_DAYS,
            description=(
                "Every comment is due on the last day of the period, which begins with the "
                "report's."
            ),
            columns=("comment_due_on", "report_published_on"),
            dimension="consistency",
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
