-- How many relevant people there are in post at each month's end (the current month: today), by
-- team, and how many of them are complete: the whole package, and each module.
with
    final as (
        select
            force_code,
            measure_code,
            period_start,
            org_unit_code,
            as_on as rolled_up_on,
            sum(case when is_complete then 1 else 0 end) as numerator,
            count(*) as denominator
        from {{ ref("int_measure_person") }}
        where is_counted
        group by force_code, measure_code, period_start, org_unit_code, as_on
    )

select *
from final
