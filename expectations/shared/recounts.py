"""Expectations that compute figures and lists of records a second time, from raw or fact tables.

They are computed under the rules of the mart contract.
"""

from expectations.shared.code_lists import PERCENTILES, sql_rows
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

# The query computes every figure again from the records that the measure counts. All records count
# for the force, and for their own unit and all units that were above it on the day of the record.
_DIFFERENT_FROM_RECORDS = """
with
    record as (
        select
            record.*,
            -- A blank percentile belongs to a measure that is not in hours.
            nullif(measure.percentile, '')::double precision as percentile
        from {intermediate}.int_measure_record as record
        inner join (values <<percentiles>>) as measure (code, percentile)
            on record.measure_code = measure.code
        where record.denominator > 0
    ),
    rolled_up as not materialized (
        select record.*, coalesce(unit_above.ancestor_code, record.org_unit_code) as unit_code
        from record
        left join {intermediate}.int_org_unit_ancestor as unit_above
            on record.force_code = unit_above.force_code
            and record.org_unit_code = unit_above.org_unit_code
            and record.rolled_up_on >= unit_above.valid_from
            and record.rolled_up_on < unit_above.valid_to
        union all
        select *, 'ALL'
        from record
        where org_unit_code <> 'ALL'
    ),
    counted as (
        select
            force_code, measure_code, period_start, unit_code as org_unit_code,
            sum(numerator) as numerator, sum(denominator) as denominator,
            sum(numerator) filter (where unit_code = rolled_up.org_unit_code) as own_numerator,
            sum(case when numerator is not null then denominator end)
                filter (where unit_code = rolled_up.org_unit_code) as own_denominator
        from rolled_up
        group by force_code, measure_code, period_start, unit_code
    ),
    timed as (
        select
            force_code, measure_code, period_start, unit_code as org_unit_code,
            percentile_cont(percentile) within group (order by hours_to_submission) as hours
        from rolled_up
        where percentile is not null
        group by force_code, measure_code, period_start, unit_code, percentile
    )
select measure_code, period_start, org_unit_code
from counted
left join timed using (force_code, measure_code, period_start, org_unit_code)
full join {rows} as shown using (force_code, measure_code, period_start, org_unit_code)
where coalesce(shown.numerator, 0) <> coalesce(counted.numerator, 0)
    or coalesce(shown.denominator, 0) <> coalesce(counted.denominator, 0)
    or coalesce(shown.own_numerator, 0) <> coalesce(counted.own_numerator, 0)
    or coalesce(shown.own_denominator, 0) <> coalesce(counted.own_denominator, 0)
    or abs(shown.value - timed.hours) > 1e-6
    or shown.value is null and timed.hours is not null
"""

# The query counts immigration detentions again from the raw tables. The denominator is all of them,
# and the numerator is those whose occurrence was referred. All detentions of one occurrence count
# once, in the month of the first detention. A detention that names no occurrence counts separately.
# A cancelled or deleted occurrence does not count. An occurrence that the records management system
# never delivered still counts if a detention names it. The counts must equal those of the records
# from which the measures of detentions are made.
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
        select force_code, occurrence_ref as named_occurrence
        from (<<referrals>>) as referral
        where contacted_at <= {as_at}
    ),
    counted as (
        select
            force_code, period_start, count(*) as denominator,
            count(*) filter (
                where (force_code, named_occurrence) in (select * from referred_occurrence)
            ) as numerator
        from first_detention
        where period_start >= <<first_month>>
            and ((force_code, named_occurrence) in (select * from uncounted_occurrence)) is not true
        group by force_code, period_start
    ),
    shown as (
        select
            force_code, date_trunc('month', detained_on)::date as period_start,
            count(*) as denominator, count(*) filter (where has_referral) as numerator
        from {intermediate}.int_immigration_custody
        where detained_on >= <<first_month>>
        group by force_code, date_trunc('month', detained_on)
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


def records_add_up() -> Expectation:
    """Expect that every figure, and the part that is the unit's own, follows from its records.

    A share and a count are sums. Hours are the declared percentile of the hours of the records.
    """
    return no_rows(
        "records_add_up",
        sql(
            _DIFFERENT_FROM_RECORDS,
            percentiles=sql_rows(PERCENTILES.keys(), PERCENTILES.values()),
        ),
        description="Every figure of the force and its units follows from the records it counts.",
        columns=("numerator", "denominator", "value"),
    )


def captures_add_up(first_month: str) -> Expectation:
    """Expect that the detentions from which measures are made are those in raw.

    So are those of them that were referred. `first_month` is the first month that is shown, as a
    date in SQL.
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
