with
    build as (select * from {{ ref("stg_audit__build") }}),

    days as (
        select spine.day
        from build
        cross join {{ day_spine(first_shown_day(), "build.as_at_day") }} as spine
    ),

    months as (
        select distinct
            {{ month_of("days.day") }} as period_start, {{ month_end("days.day") }} as period_end
        from days
    ),

    final as (
        select
            point.force_code,
            measure.measure_code,
            measure.point_code,
            months.period_start,
            least(months.period_end, build.as_at_day) as as_on,
            months.period_end < build.as_at_day as is_complete
        from {{ ref("policy_measure") }} as measure
        cross join build
        cross join months
        inner join {{ ref("int_point") }} as point on measure.point_code = point.point_code
        where months.period_end >= {{ measure_starts_on("point", "measure") }}
    )

select *
from final
