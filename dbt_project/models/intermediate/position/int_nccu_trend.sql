with
    complete_month as (
        select
            point.force_code,
            point.point_code,
            figure.day,
            figure.numerator,
            figure.denominator,
            row_number() over (
                partition by figure.force_code, figure.day order by figure.period_start desc
            ) as months_ago
        from {{ ref("int_nccu_month_day") }} as figure
        inner join
            {{ ref("int_point") }} as point
            on figure.force_code = point.force_code
            and point.point_code = 'NCCU_INTEL'
            and figure.period_start >= {{ month_of("point.starts_on") }}
        where figure.is_complete and figure.denominator > 0
    ),

    final as (
        select
            force_code,
            point_code,
            day,
            count(*) filter (where months_ago <= 3) = 3
            and count(*) filter (where months_ago <= 3 and numerator < denominator)
            = 0 as is_sustained,
            coalesce(
                {{
                    share(
                        "sum(numerator) filter (where months_ago <= 3)",
                        "sum(denominator) filter (where months_ago <= 3)",
                    )
                }}
                < {{
                    share(
                        "sum(numerator) filter (where months_ago between 4 and 6)",
                        "sum(denominator) filter (where months_ago between 4 and 6)",
                    )
                }},
                false
            ) as is_slipping
        from complete_month
        where months_ago <= 6
        group by force_code, point_code, day
    )

select *
from final
