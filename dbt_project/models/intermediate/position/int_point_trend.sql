with
    complete_month as (
        select
            point.force_code,
            point.point_code,
            figure.day,
            figure.numerator,
            figure.denominator,
            row_number() over (
                partition by figure.force_code, figure.point_code, figure.day
                order by figure.period_start desc
            ) as months_ago
        from {{ ref("int_point_month_day") }} as figure
        inner join
            {{ ref("int_point") }} as point
            on figure.force_code = point.force_code
            and figure.point_code = point.point_code
            and figure.period_start >= {{ month_of("point.starts_on") }}
        where figure.is_complete and figure.denominator > 0
    ),

    pooled as (
        select
            force_code,
            point_code,
            day,
            count(*) filter (where months_ago <= 3) as recent_months,
            cast(sum(numerator) filter (where months_ago <= 3) as bigint) as recent_numerator,
            cast(sum(denominator) filter (where months_ago <= 3) as bigint) as recent_denominator,
            cast(sum(numerator) filter (where months_ago > 3) as bigint) as earlier_numerator,
            cast(sum(denominator) filter (where months_ago > 3) as bigint) as earlier_denominator
        from complete_month
        where months_ago <= 6
        group by force_code, point_code, day
    ),

    final as (
        select
            force_code,
            point_code,
            day,
            recent_numerator,
            recent_denominator,
            earlier_numerator,
            earlier_denominator,
            {{
                difference_low(
                    "recent_numerator",
                    "recent_denominator",
                    "earlier_numerator",
                    "earlier_denominator",
                )
            }} as change_low,
            -- The upper end of a difference is the lower end of the opposite difference, negated.
            - (
                {{
                    difference_low(
                        "earlier_numerator",
                        "earlier_denominator",
                        "recent_numerator",
                        "recent_denominator",
                    )
                }}
            ) as change_high,
            {{ is_sustained_by_months() }} as is_sustained,
            {{ is_slipping_by_months() }} as is_slipping
        from pooled
    )

select *
from final
