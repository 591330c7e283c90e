with
    figure as (
        select force_code, point_code, day, day as figure_from, numerator, denominator
        from {{ ref("int_point_day") }}
        union all
        -- Months are included even if the measure is not shown for them. The figure of an early day
        -- covers months before the first month that is shown.
        select force_code, point_code, day, figure_from, sum(numerator), sum(denominator)
        from
            (
                select
                    *, cast({{ dbt.dateadd("month", -12, month_of("day")) }} as date) as figure_from
                from {{ ref("int_point_month_day") }}
            ) as month_day
        where period_start >= figure_from
        group by force_code, point_code, day, figure_from
    ),

    final as (
        select
            figure.force_code,
            figure.point_code,
            figure.day,
            figure.figure_from,
            cast(figure.numerator as bigint) as numerator,
            cast(figure.denominator as bigint) as denominator,
            case
                when target.value is not null
                then
                    -- The shares are compared. The product of a target and a number of records can
                    -- be above the exact number by the last bit: 0.55 times 100 is more than 55.
                    figure.denominator > 0
                    and {{ share("figure.numerator", "figure.denominator") }} >= target.value
            end as is_met
        from figure
        inner join
            {{ ref("int_point") }} as point
            on figure.force_code = point.force_code
            and figure.point_code = point.point_code
        left join
            {{ ref("policy_threshold") }} as target
            on point.target_threshold = target.name
            and {{ in_force("target", "figure.day") }}
    )

select *
from final
