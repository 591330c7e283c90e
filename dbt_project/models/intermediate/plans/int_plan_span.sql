with
    -- Consecutive days of one state have the same difference between the day and its number.
    plan_day as (
        select
            *,
            {{ dbt.datediff("cast('2000-01-01' as date)", "day", "day") }} - row_number() over (
                partition by force_code, strand, is_met, plan_ref order by day
            ) as run_of_days
        from {{ ref("int_plan_day") }}
    ),

    final as (
        select
            force_code,
            strand,
            is_met,
            plan_ref,
            min(day) as counts_from,
            {{ add_days("max(day)", 1) }} as counts_to
        from plan_day
        group by force_code, strand, is_met, plan_ref, run_of_days
    )

select *
from final
