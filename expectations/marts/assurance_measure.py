"""Measures by month and organisational unit."""

from expectations.shared.code_lists import (
    HYDRA_DONE,
    MEASURES,
    MODULES_DONE,
    POINT_OF_MEASURE,
    REFERRALS,
    STARTS,
    STRANDS,
    STRANDS_MET,
    is_in,
    same_records,
    sql_rows,
)
from expectations.shared.compared_publication import figures_close_to_published
from expectations.shared.mart_suite import mart_suite
from expectations.shared.recounts import captures_add_up, records_add_up
from expectations.shared.shares import has_an_interval, is_a_share
from expectations.vocabulary import Expectations, every_row, no_rows, sql

_FIRST_MONTH = "date '2025-01-01'"
_TODAY = "({as_at} at time zone 'Europe/London')::date"
_THIS_MONTH = "date_trunc('month', {as_at} at time zone 'Europe/London')::date"
_MEASURES_AND_POINTS = sql_rows(POINT_OF_MEASURE.keys(), POINT_OF_MEASURE.values())

_HOURS_AND_COUNTS = """
case
    when <<are_hours>>
        then numerator is null and denominator >= 0 and (value is null) = (denominator = 0)
    else numerator between 0 and denominator
        and value is not distinct from case when denominator > 0 then numerator end
end
and ci_low is null
and ci_high is null
"""

_MISSING_MONTHS = """
with force as (select distinct force_code from {rows})
select force.force_code, measure.code as measure_code, month.start::date as period_start
from force
cross join (values <<measures>>) as measure (code)
cross join lateral (
    select min(shown.period_start) as first_month
    from {rows} as shown
    where shown.force_code = force.force_code and shown.measure_code = measure.code
) as history
cross join lateral generate_series(history.first_month, <<this_month>>, interval '1 month')
    as month (start)
where not exists (
    select
    from {rows} as shown
    where shown.force_code = force.force_code
        and shown.measure_code = measure.code
        and shown.period_start = month.start::date
        and shown.org_unit_code = 'ALL'
)
"""

_UNITS_LARGER_THAN_THE_FORCE = """
select unit.measure_code, unit.period_start, unit.org_unit_code
from {rows} as unit
left join {rows} as force
    on unit.force_code = force.force_code
    and unit.measure_code = force.measure_code
    and unit.period_start = force.period_start
    and force.org_unit_code = 'ALL'
where force.measure_code is null
    or unit.numerator > force.numerator
    or unit.denominator > force.denominator
"""

# A measure may be declared to start on a day of its own, and policy gives points their first days.
_BEFORE_THE_START = """
select shown.measure_code, shown.period_start
from {rows} as shown
inner join (values <<starts>>) as measure (code, starts_on) on shown.measure_code = measure.code
inner join {policy}.policy_point as policy on shown.point_code = policy.point_code
    and greatest(<<today>>, '2020-01-01'::date)
        between policy.effective_from and coalesce(policy.effective_to, '9999-12-31'::date)
where shown.period_start
    < date_trunc('month', greatest(nullif(measure.starts_on, '')::date, policy.starts_on))
"""

# The first measure of referrals is computed again from the referrals. All referrals count for the
# force. A unit's figure counts the referrals of the unit itself and of all units that were below it
# on the day of contact.
_DIFFERENT_REFERRALS = """
with
    referral as (
        select
            force_code, org_unit_code, intelligence_class,
            (contacted_at at time zone 'Europe/London')::date as day
        from {candidate}.fct_nccu_referral
        where is_counted
    ),
    rolled_up as (
        select referral.*, coalesce(unit_above.ancestor_code, referral.org_unit_code) as unit_code
        from referral
        left join {intermediate}.int_org_unit_ancestor as unit_above
            on referral.force_code = unit_above.force_code
            and referral.org_unit_code = unit_above.org_unit_code
            and referral.day >= unit_above.valid_from
            and referral.day < unit_above.valid_to
        union all
        select *, 'ALL'
        from referral
        where org_unit_code <> 'ALL'
    ),
    counted as (
        select
            force_code, date_trunc('month', day)::date as period_start,
            unit_code as org_unit_code, count(*) as denominator,
            count(*) filter (
                where intelligence_class in ('submitted_in_time', 'submitted_late')
            ) as numerator
        from rolled_up
        where day >= <<first_month>>
        group by force_code, date_trunc('month', day), unit_code
    ),
    shown as (select * from {rows} where measure_code = '<<measure>>')
select period_start, org_unit_code
from counted
full join shown using (force_code, period_start, org_unit_code)
where coalesce(shown.numerator, 0) <> coalesce(counted.numerator, 0)
    or coalesce(shown.denominator, 0) <> coalesce(counted.denominator, 0)
"""

# The first measures of the force's training for this month are computed again from
# `fct_training_requirement`, which has one row for each officer and training item.
_DIFFERENT_TRAINING = """
with
    officer as (
        select force_code, officer_key, point_code, bool_and(is_complete) as is_complete
        from {candidate}.fct_training_requirement
        where is_in_post and not is_long_term_absent
        group by force_code, officer_key, point_code
    ),
    counted as (
        select
            force_code, point_code, count(*) as denominator,
            count(*) filter (where is_complete) as numerator
        from officer
        group by force_code, point_code
    ),
    shown as (
        select *
        from {rows}
        where measure_code in ('<<hydra>>', '<<elearning>>')
            and org_unit_code = 'ALL'
            and period_start = <<this_month>>
    )
select shown.measure_code, shown.period_start
from shown
left join counted using (force_code, point_code)
where shown.numerator <> coalesce(counted.numerator, 0)
    or shown.denominator <> coalesce(counted.denominator, 0)
"""

# Each pair names two measures that are declared to count the same records. If the first is in
# hours, its denominator is how many records meet the second. Otherwise the denominators are equal.
_DIFFERENT_RECORDS = """
select one.measure_code, one.period_start, one.org_unit_code
from {rows} as one
inner join (values <<pairs>>) as pair (code, other_code, is_met)
    on one.measure_code = pair.code
inner join {rows} as other
    on one.force_code = other.force_code
    and pair.other_code = other.measure_code
    and one.period_start = other.period_start
    and one.org_unit_code = other.org_unit_code
where one.denominator
    <> case pair.is_met when 'yes' then other.numerator else other.denominator end
"""


_SAME_RECORDS = (
    *((*pair, "no") for pair in same_records(met=False)),
    *((*pair, "yes") for pair in same_records(met=True)),
)


@mart_suite("assurance_measure", one_row_per=("measure_code", "period_start", "org_unit_code"))
def assurance_measure() -> Expectations:
    """Every measure by month, for the force and for each unit."""
    return [
        every_row(
            "measure_of_its_point",
            f"(measure_code, point_code) in ({_MEASURES_AND_POINTS})",
            description="Every measure belongs to the assurance point that policy gives it.",
            columns=("measure_code", "point_code"),
        ),
        every_row(
            "period_is_a_month",
            f"""
            period_start = date_trunc('month', period_start)
            and period_start >= {_FIRST_MONTH}
            and period_start <= {_THIS_MONTH}
            """,
            description="Every period is a whole month from January 2025 to the current one.",
            columns=("period_start",),
            dimension="validity",
        ),
        is_a_share(where=is_in("share")),
        has_an_interval(where=is_in("share")),
        every_row(
            "hours_and_counts",
            sql(_HOURS_AND_COUNTS, are_hours=is_in("hours")),
            where=f"not ({is_in('share')})",
            description=(
                "Every figure in hours has no numerator, every count is its numerator, and neither "
                "has an interval."
            ),
            columns=("numerator", "denominator", "value"),
        ),
        every_row(
            "three_strands",
            f"denominator between 1 and {len(STRANDS)} and org_unit_code = 'ALL'",
            where=f"measure_code = '{STRANDS_MET}'",
            description="Every figure of plan strands is for the force and counts the strands.",
            columns=("denominator",),
        ),
        no_rows(
            "no_month_missing",
            sql(_MISSING_MONTHS, measures=sql_rows(MEASURES), this_month=_THIS_MONTH),
            description="Every measure has a figure for the force for every month up to this one.",
            dimension="completeness",
        ),
        no_rows(
            "no_month_before_the_start",
            sql(
                _BEFORE_THE_START,
                starts=sql_rows(STARTS.keys(), STARTS.values()),
                today=_TODAY,
            ),
            description="No measure has a figure for a month before the one in which it starts.",
            columns=("period_start",),
        ),
        no_rows(
            "no_more_than_the_force",
            _UNITS_LARGER_THAN_THE_FORCE,
            description="No unit has a larger count than the whole force.",
        ),
        records_add_up(),
        no_rows(
            "referrals_add_up",
            sql(
                _DIFFERENT_REFERRALS,
                measure=REFERRALS,
                first_month=_FIRST_MONTH,
            ),
            description=(
                "The first referral figure of the force and its units equals a count of the "
                "referrals."
            ),
        ),
        no_rows(
            "people_add_up",
            sql(
                _DIFFERENT_TRAINING,
                hydra=HYDRA_DONE,
                elearning=MODULES_DONE,
                this_month=_THIS_MONTH,
            ),
            description="The first training figures of this month equal a count of the officers.",
        ),
        captures_add_up(_FIRST_MONTH),
        no_rows(
            "figures_agree",
            sql(
                _DIFFERENT_RECORDS,
                pairs=sql_rows(*([one[place] for one in _SAME_RECORDS] for place in range(3))),
            ),
            description="Measures that are declared to count the same records count as many.",
            dimension="consistency",
        ),
        figures_close_to_published(),
    ]
