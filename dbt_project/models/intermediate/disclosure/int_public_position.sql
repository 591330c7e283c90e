with
    released as (
        select
            figure.force_code,
            figure.point_code,
            public_measure.counted_as,
            figure.period_start,
            figure.period_end,
            figure.numerator,
            figure.denominator,
            max(figure.period_end) over (
                partition by figure.force_code, figure.point_code
            ) as released_until
        from {{ ref("int_public_release") }} as figure
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            {{ ref("policy_point") }} as point
            on figure.point_code = point.point_code
            and figure.measure_code = point.measure_code
            and {{ in_force("point", "build.as_at_day") }}
        inner join
            {{ ref("policy_public_measure") }} as public_measure
            on figure.measure_code = public_measure.measure_code
            and {{ in_force("public_measure", "figure.period_start") }}
        where figure.org_unit_code = 'ALL'
    ),

    final as (
        select
            force_code,
            point_code,
            min(period_start) as figures_from,
            max(period_end) as figures_to,
            cast(sum(numerator) as bigint) as numerator,
            cast(sum(denominator) as bigint) as denominator
        from released
        where
            period_end = released_until
            or (
                counted_as = 'events'
                and period_end
                > {{ month_end(dbt.dateadd("month", -12, month_of("released_until"))) }}
            )
        group by force_code, point_code
    )

select *
from final
