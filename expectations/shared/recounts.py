"""Expectations that compute figures and lists of records a second time, from raw or fact tables.

Only figures of the whole force are computed again here, under the rules of the mart contract.
"""

from expectations.vocabulary import Expectation, no_rows, sql

# The query returns the latest version of each record at or before the as-at moment. If all versions
# of a record are later but the record was created by the as-at moment, the first version is used.
# Vanished records are left out, and so are deleted records unless `with_deleted` is true.
_RECORDS_AS_AT = """
select record.*
from (
    select distinct on (force_code, row_key) *
    from {raw_law_enforcement}.<<table>>
    where batch_id <= {known_batch_id}
    order by
        force_code, row_key,
        version_at > {as_at},
        case when version_at <= {as_at} then version_at end desc,
        version_at,
        batch_id desc
) as record
where not record.is_tombstone
    and (record.version_at <= {as_at} or record.created_at <= {as_at})
    and (<<with_deleted>> or record.deleted_at is null or record.deleted_at > {as_at})
"""

_DIFFERENCE_TO_RAW = """
with
    record_as_at as (<<records>>),
    landed as (
        select distinct force_code, <<reference>> as reference from record_as_at where <<which>>
    ),
    shown as (select force_code, <<reference>> as reference from {rows})
select reference as <<reference>>
from landed
full join shown using (force_code, reference)
where landed.reference is null or shown.reference is null
"""

# The query computes the median and the 90th percentile of the hours again, from the compliant
# referrals in the fact table. It returns the figures that differ.
_DIFFERENT_HOURS = """
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
        group by force_code, period_start, percentile.code
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

# The query counts immigration detentions again from the raw tables. The denominator is all of them,
# and the numerator is those whose occurrence was referred. All detentions of one occurrence count
# once, in the month of the first detention. A detention that names no occurrence counts separately.
# A cancelled or deleted occurrence does not count. An occurrence that the records management system
# never delivered still counts if a detention names it.
_DIFFERENT_CAPTURES = """
with
    detention as (
        select *, nullif(trim(occurrence_ref), '') as named_occurrence
        from (<<custody>>) as custody
        where detention_reason_code = 'IMMIGRATION' and detained_at <= {as_at}
    ),
    first_detention as (
        select distinct on (force_code, coalesce(named_occurrence, 'custody ' || custody_id))
            force_code, named_occurrence,
            date_trunc('month', detained_at at time zone 'Europe/London')::date as period_start
        from detention
        order by
            force_code, coalesce(named_occurrence, 'custody ' || custody_id), detained_at,
            custody_id
    ),
    uncounted_occurrence as (
        select force_code, occurrence_ref as named_occurrence
        from (<<occurrences>>) as occurrence
        where reported_at <= {as_at} and (status = 'CANCELLED' or deleted_at <= {as_at})
    ),
    referred_occurrence as (
        select distinct force_code, occurrence_ref as named_occurrence
        from (<<referrals>>) as referral
        where contacted_at <= {as_at}
    ),
    counted as (
        select
            force_code, period_start, count(*) as denominator,
            count(referred_occurrence.named_occurrence) as numerator
        from first_detention
        left join referred_occurrence using (force_code, named_occurrence)
        left join uncounted_occurrence using (force_code, named_occurrence)
        where uncounted_occurrence.named_occurrence is null and period_start >= <<first_month>>
        group by force_code, period_start
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


def adds_up_to_raw(table: str, reference: str, which: str, *, description: str) -> Expectation:
    """Expect that a fact table has exactly the records of a raw table at the as-at moment.

    `reference` is the key column of both tables. `which` is an SQL condition that selects the raw
    records that the fact table must have.
    """
    return no_rows(
        "adds_up_to_raw",
        sql(_DIFFERENCE_TO_RAW, records=_records_as_at(table), reference=reference, which=which),
        description=description,
    )


def hours_add_up(first_month: str) -> Expectation:
    """Expect that the force's hours to submission follow from its compliant referrals.

    The measures are the median and the 90th percentile. `first_month` is the first month that is
    shown, as a date in SQL.
    """
    return no_rows(
        "hours_add_up",
        sql(_DIFFERENT_HOURS, first_month=first_month),
        description=(
            "The force's hours to submission are computed from all its compliant referrals."
        ),
        columns=("value",),
    )


def captures_add_up(first_month: str) -> Expectation:
    """Expect that capture completeness equals a count of the detentions and referrals in raw.

    `first_month` is the first month that is shown, as a date in SQL.
    """
    return no_rows(
        "captures_add_up",
        sql(
            _DIFFERENT_CAPTURES,
            custody=_records_as_at("custody_record"),
            occurrences=_records_as_at("occurrence", with_deleted=True),
            referrals=_records_as_at("nccu_referral"),
            first_month=first_month,
        ),
        description=(
            "The numbers of detentions and of referred detentions equal a count of those in raw."
        ),
        columns=("numerator", "denominator"),
    )


def _records_as_at(table: str, *, with_deleted: bool = False) -> str:
    return sql(_RECORDS_AS_AT, table=table, with_deleted=str(with_deleted).lower())
