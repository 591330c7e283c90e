-- The changes that corrections made to complete months are taken back, and the status follows from
-- the months with and without them.
with
    -- A record that was deleted counts as corrected. Late records are new.
    correction as (
        select cause.*
        from {{ ref("restated__cause") }} as cause
        where cause.cause in ('CORRECTED_RECORD', 'DELETED_RECORD')
    ),

    change as (
        select
            force_code,
            measure_code,
            period_start,
            sum(numerator_change) as numerator,
            sum(denominator_change) as denominator
        from {{ ref("restated__figure_by_cause") }}
        where org_unit_code = 'ALL' and cause in ('CORRECTED_RECORD', 'DELETED_RECORD')
        group by force_code, measure_code, period_start
    ),

    month as (
        select
            point.force_code,
            point.point_code,
            point.measure_code,
            figure.period_start,
            figure.numerator,
            figure.denominator,
            coalesce(change.numerator, 0) as numerator_change,
            coalesce(change.denominator, 0) as denominator_change
        from {{ ref("int_point_month_day") }} as figure
        inner join
            {{ ref("stg_audit__build") }} as build
            on figure.day = build.as_at_day
            and figure.is_complete
        inner join
            {{ ref("int_point") }} as point
            on figure.force_code = point.force_code
            and figure.point_code = point.point_code
            and figure.period_start >= {{ month_of("point.starts_on") }}
        left join
            change
            on point.force_code = change.force_code
            and point.measure_code = change.measure_code
            and figure.period_start = change.period_start
    ),

    edition as (
        select
            force_code,
            point_code,
            measure_code,
            period_start,
            'after' as edition,
            numerator,
            denominator
        from month
        where denominator > 0
        union all
        select
            force_code,
            point_code,
            measure_code,
            period_start,
            'before',
            numerator - numerator_change,
            denominator - denominator_change
        from month
        where denominator - denominator_change > 0
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by force_code, point_code, edition order by period_start desc
            ) as months_ago
        from edition
    ),

    pooled as (
        select
            force_code,
            point_code,
            measure_code,
            edition,
            min(period_start) as first_month,
            count(*) filter (where months_ago <= 3) as recent_months,
            sum(numerator) filter (where months_ago <= 3) as recent_numerator,
            sum(denominator) filter (where months_ago <= 3) as recent_denominator,
            sum(numerator) filter (where months_ago > 3) as earlier_numerator,
            sum(denominator) filter (where months_ago > 3) as earlier_denominator
        from ranked
        where months_ago <= 6
        group by force_code, point_code, measure_code, edition
    ),

    with_status as (
        select
            pooled.*,
            case
                when {{ is_sustained_by_months() }}
                then 'sustained'
                when {{ is_slipping_by_months() }}
                then 'slipping'
                else 'in_progress'
            end as status
        from pooled
    ),

    verdict as (
        select
            force_code,
            point_code,
            measure_code,
            min(first_month) as first_month,
            max(case when edition = 'before' then status end) as status_before,
            max(case when edition = 'after' then status end) as status_after
        from with_status
        group by force_code, point_code, measure_code
    ),

    final as (
        select
            verdict.force_code,
            verdict.point_code,
            count(distinct correction.record_ref) as records,
            verdict.status_before,
            verdict.status_after
        from verdict
        inner join
            correction
            on verdict.force_code = correction.force_code
            and verdict.measure_code = correction.measure_code
            and verdict.first_month <= correction.period_start
        where verdict.status_before <> verdict.status_after
        group by verdict.force_code, verdict.point_code, verdict.status_before, verdict.status_after
    )

select *
from final
