"""Figures of the force counted a second way: from the facts they summarise, or from raw itself."""

from expectations.raw import standing
from expectations.vocabulary import Promise, nothing, sql

# Hours over the compliant referrals, from the referrals.
_OTHER_HOURS = """
with
    compliant as (
        select
            force_code, hours_to_submission as hours,
            date_trunc('month', contacted_at at time zone 'Europe/London')::date as period_start
        from {candidate}.fct_nccu_referral
        where is_counted and intelligence_class in ('submitted_in_time', 'submitted_late')
    ),
    counted as (
        select
            force_code, period_start, percentile.code as measure_code, count(*) as denominator,
            case percentile.code
                when 'nccu_hours_to_submission_p50'
                    then percentile_cont(0.5) within group (order by hours)
                else percentile_cont(0.9) within group (order by hours)
            end as value
        from compliant
        cross join (values
            ('nccu_hours_to_submission_p50'), ('nccu_hours_to_submission_p90')
        ) as percentile (code)
        where period_start >= <<first_month>>
        group by 1, 2, 3
    ),
    shown as (
        select *
        from {rows}
        where measure_code like 'nccu_hours_to_submission_p%' and org_unit_code = 'ALL'
    )
select measure_code, period_start
from counted
full join shown using (force_code, measure_code, period_start)
where coalesce(shown.denominator, 0) <> coalesce(counted.denominator, 0)
    or abs(shown.value - counted.value) > 1e-6
    or (shown.value is null) <> (counted.value is null)
"""

# Immigration detentions and whether the NCCU was told, from raw. One that names no occurrence
# stands for one of its own; an occurrence that the records system never had counts as named.
_OTHER_CAPTURES = """
with
    detention as (
        select *, nullif(trim(occurrence_ref), '') as named
        from (<<custody>>) as custody
        where detention_reason_code = 'IMMIGRATION' and detained_at <= {as_at}
    ),
    first_detention as (
        select distinct on (force_code, coalesce(named, 'custody ' || custody_id))
            force_code, named,
            date_trunc('month', detained_at at time zone 'Europe/London')::date as period_start
        from detention
        order by
            force_code, coalesce(named, 'custody ' || custody_id), detained_at, custody_id
    ),
    out_of_count as (
        select force_code, occurrence_ref as named
        from (<<occurrences>>) as occurrence
        where reported_at <= {as_at} and (status = 'CANCELLED' or deleted_at <= {as_at})
    ),
    told as (
        select distinct force_code, occurrence_ref as named
        from (<<referrals>>) as referral
        where contacted_at <= {as_at}
    ),
    counted as (
        select
            force_code, period_start, count(*) as denominator, count(told.named) as numerator
        from first_detention
        left join told using (force_code, named)
        left join out_of_count using (force_code, named)
        where out_of_count.named is null and period_start >= <<first_month>>
        group by 1, 2
    ),
    shown as (
        select *
        from {rows}
        where measure_code = 'nccu_capture_completeness' and org_unit_code = 'ALL'
    )
select coalesce(shown.period_start, counted.period_start) as period_start
from counted
full join shown using (force_code, period_start)
where coalesce(shown.numerator, 0) <> coalesce(counted.numerator, 0)
    or coalesce(shown.denominator, 0) <> coalesce(counted.denominator, 0)
"""


def hours_add_up(first_month: str) -> Promise:
    """Promise that median and ninetieth percentile are those of the referrals' own hours."""
    return nothing(
        "hours_add_up",
        sql(_OTHER_HOURS, first_month=first_month),
        words="Hours to submission of the force are those of its compliant referrals.",
        columns=("value",),
    )


def captures_add_up(first_month: str) -> Promise:
    """Promise that capture completeness counts the detentions that were landed and stand."""
    return nothing(
        "captures_add_up",
        sql(
            _OTHER_CAPTURES,
            custody=standing("custody_record"),
            occurrences=standing("occurrence", also_deleted=True),
            referrals=standing("nccu_referral"),
            first_month=first_month,
        ),
        words="Detentions, and those that the NCCU was told of, are the ones that were landed.",
        columns=("numerator", "denominator"),
    )
