-- The status of every point, exactly in the order of the mart contract.
with
    -- The last twelve complete months and the current one, also where that goes back before the
    -- first month that a measure is shown for.
    nccu as (
        select
            record.force_code,
            'NCCU_INTEL' as point_code,
            sum(record.numerator) as numerator,
            count(*) as denominator
        from {{ ref("int_measure_record") }} as record
        cross join {{ ref("stg_audit__build") }} as build
        where
            record.measure_code = 'nccu_intel_compliance'
            and record.period_start >= {{ dbt.dateadd("month", -12, month_of("build.as_at_day")) }}
        group by record.force_code
    ),

    referral_point as (
        select
            point.force_code,
            point.point_code,
            coalesce(nccu.numerator, 0) as numerator,
            coalesce(nccu.denominator, 0) as denominator,
            case
                when coalesce(nccu.numerator, 0) = 0
                then 'not_started'
                when trend.is_sustained
                then 'sustained'
                when trend.is_slipping
                then 'slipping'
                else 'in_progress'
            end as status_of_data
        from {{ ref("int_point") }} as point
        left join nccu on point.force_code = nccu.force_code and point.point_code = nccu.point_code
        left join {{ ref("int_nccu_trend") }} as trend on point.force_code = trend.force_code
        where point.deadline is null
    ),

    deadline_point as (
        select
            force_code,
            point_code,
            numerator,
            denominator,
            case
                when not is_deadline_reached and numerator = 0
                then 'not_started'
                when not is_deadline_reached
                then 'in_progress'
                when is_met and is_met_on_deadline
                then 'met_on_time'
                when is_met
                then 'met_late'
                when is_ever_met
                then 'slipping'
                else 'overdue'
            end as status_of_data,
            case
                when not is_deadline_reached
                then null
                when is_met_on_deadline
                then 'met_on_time'
                when is_ever_met_by_deadline
                then 'slipping'
                else 'overdue'
            end as status_at_deadline
        from {{ ref("int_point_deadline") }}
    ),

    point as (
        select *, cast(null as {{ dbt.type_string() }}) as status_at_deadline
        from referral_point
        union all
        select *
        from deadline_point
    ),

    final as (
        select
            point.force_code,
            point.point_code,
            cast(point.numerator as bigint) as numerator,
            cast(point.denominator as bigint) as denominator,
            case
                when source.source_status <> 'fresh' then 'unknown' else point.status_of_data
            end as status,
            point.status_of_data,
            point.status_at_deadline,
            source.source_status,
            source.source_caveat
        from point
        left join
            {{ ref("int_point_source") }} as source
            on point.force_code = source.force_code
            and point.point_code = source.point_code
    )

select *
from final
