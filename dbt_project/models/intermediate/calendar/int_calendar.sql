with
    needed_day as (
        select first_day, last_due_on as last_day
        from {{ ref("stg_records__span") }}
        union all
        select {{ london_day("min(opened_at)") }}, cast(null as date)
        from {{ ref("stg_audit__exception_event") }}
        union all
        select cast('2020-01-01' as date), max(deadline)
        from {{ ref("policy_point") }}
        union all
        select as_at_day, {{ add_months("as_at_day", 12) }}
        from {{ ref("stg_audit__build") }}
    ),

    span as (select min(first_day) as first_day, max(last_day) as last_day from needed_day),

    final as (
        select
            cast({{ dbt.date_trunc("year", "first_day") }} as date) as first_day,
            {{ add_days(add_months(dbt.date_trunc("year", "last_day"), 12), -1) }} as last_day
        from span
    )

select *
from final
