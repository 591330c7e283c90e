-- The last three complete months that had something to count, and the three before them.
with
    month as (
        select
            force_code,
            numerator,
            denominator,
            row_number() over (partition by force_code order by period_start desc) as months_ago
        from {{ ref("int_measure") }}
        where
            measure_code = 'nccu_intel_compliance'
            and org_unit_code = 'ALL'
            and is_complete
            and denominator > 0
    ),

    final as (
        select
            force_code,
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
        from month
        group by force_code
    )

select *
from final
