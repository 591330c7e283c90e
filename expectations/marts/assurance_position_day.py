"""The daily status of each point."""

from expectations.shared.code_lists import MEASURE_OF_POINT, RECENT, SNAPSHOTS, any_of, sql_rows
from expectations.shared.mart_suite import mart_suite
from expectations.shared.shares import is_a_share
from expectations.vocabulary import (
    ASSURANCE_LEAD,
    WARNING,
    Expectations,
    every_row,
    no_rows,
    sql,
)

_TODAY = "({as_at} at time zone 'Europe/London')::date"

# A day cannot be listed twice for a point, so a day is missing if the point has fewer rows than
# days up to today.
_DAYS_MISSING = """
select point_code, min(day) as first_day
from {rows}
group by force_code, point_code
having max(day) <> <<today>> or count(*) <> <<today>> - min(day) + 1
"""

# For a measure as at the end of a month, the figure of a month equals the figure of the last day of
# the month. Referral measures are left out, because they count the referrals of a month.
_DIFFERENT_FROM_THE_MONTH = """
select shown.point_code, shown.day
from {rows} as shown
inner join (values <<measures>>) as point (code, measure_code) on shown.point_code = point.code
inner join {candidate}.assurance_measure as measure
    on shown.force_code = measure.force_code
    and point.measure_code = measure.measure_code
    and measure.org_unit_code = 'ALL'
    and shown.day = least(
        (measure.period_start + interval '1 month' - interval '1 day')::date, <<today>>
    )
where (shown.numerator, shown.denominator) is distinct from (measure.numerator, measure.denominator)
"""

# A publication is sound for a point if the point's datasets were fresh and the publication was not
# rolled back. If the last publication was not sound, for example because it showed a wrong zero,
# the figure is also compared with the last sound publication. A figure that is back within that
# publication's interval has not moved.
_MOVED_BY_CORRECTIONS = """
with
    last_sound as (
        select distinct on (published.force_code, published.point_code)
            published.force_code, published.point_code, published.ci_low, published.ci_high
        from {audit}.published_position as published
        inner join marts.publication as publication using (publication_id)
        where published.as_at < {as_at}
            and published.source_status = 'fresh'
            and publication.withdrawn_at is null
        order by published.force_code, published.point_code, published.as_at desc,
            published.publication_id desc
    ),
    with_many_corrections as (
        select distinct source.point_code
        from {audit}.latest_expectation_result as result
        inner join {policy}.point_dataset as source on result.dataset = source.dataset
        where result.build_id = {build_id}
            and result.stage = 'landing'
            and result.expectation in ('few_corrections', 'few_vanished')
            and not result.success
    )
select
    moved.point_code, moved.records_corrected_or_moved as records,
    round((100 * moved.value_before)::numeric, 1) as percent_before,
    round((100 * today.value)::numeric, 1) as percent_now
from {intermediate}.restated__position as moved
inner join {rows} as today
    on moved.force_code = today.force_code
    and moved.point_code = today.point_code
    and today.day = <<today>>
left join last_sound
    on moved.force_code = last_sound.force_code and moved.point_code = last_sound.point_code
where (
        moved.is_moved_by_corrections
        or moved.is_moved_with_officers
            and moved.point_code in (select point_code from with_many_corrections)
    )
    and coalesce(today.value not between last_sound.ci_low and last_sound.ci_high, true)
"""

# Corrections alone make a missed deadline met (mart contract, fourth version), and it is met now.
_MISSED_MADE_MET = """
select corrected.point_code, corrected.point_code || ': ' || corrected.words as words
from {intermediate}.restated__verdict as corrected
inner join {intermediate}.int_point as point using (force_code, point_code)
inner join {rows} as on_deadline
    on corrected.force_code = on_deadline.force_code
    and corrected.point_code = on_deadline.point_code
    and on_deadline.day = point.deadline
where corrected.is_missed_made_met and on_deadline.status = 'met_on_time'
"""


@mart_suite("assurance_position_day", one_row_per=("point_code", "day"))
def assurance_position_day() -> Expectations:
    """Every day of each point since the point started, with the status as known now."""
    at_month_end = {point: code for point, code in MEASURE_OF_POINT.items() if code in SNAPSHOTS}
    measures = sql_rows(at_month_end.keys(), at_month_end.values())
    return [
        is_a_share(),
        no_rows(
            "position_not_moved_by_corrections",
            sql(_MOVED_BY_CORRECTIONS, today=_TODAY),
            description="No position leaves its interval because known records were changed.",
            columns=("value",),
            dimension="consistency",
            severity=WARNING,
            owner=ASSURANCE_LEAD,
            holds=True,
        ),
        no_rows(
            "missed_deadline_not_made_met_by_corrections",
            _MISSED_MADE_MET,
            description="No missed deadline is met because known records were corrected.",
            columns=("status",),
            dimension="consistency",
            severity=WARNING,
            owner=ASSURANCE_LEAD,
            holds=True,
        ),
        no_rows(
            "no_day_missing",
            sql(_DAYS_MISSING, today=_TODAY),
            description="No day is missing from a point's first day to the day of the figures.",
            dimension="completeness",
        ),
        every_row(
            "status_fits_the_point",
            f"""
            case
                when point_code = {any_of(RECENT)}
                    then status not in ('met_on_time', 'met_late', 'overdue')
                else status <> 'sustained'
            end
            """,
            description=(
                "No point without a deadline is met or overdue, and no point with one is sustained."
            ),
            columns=("status",),
        ),
        every_row(
            "met_means_figures",
            "numerator > 0 and value > 0",
            where="status in ('met_on_time', 'met_late', 'sustained')",
            description="No day is met without a figure above zero.",
            columns=("status", "value"),
        ),
        no_rows(
            "last_day_is_the_month",
            sql(_DIFFERENT_FROM_THE_MONTH, today=_TODAY, measures=measures),
            description="Every figure on the last day of a month equals the figure of that month.",
        ),
    ]
