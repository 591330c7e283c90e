{{ config(materialized="view") }}

with
    officer_in_editions as (
        select *
        from {{ ref("restated__contribution") }}
        where record_kind = 'person' and edition in ('earlier_by_todays_rules', 'now')
    ),

    final as (
        select
            force_code,
            measure_code,
            period_start,
            record_ref as employee_no,
            rolled_up_on as day,
            case
                when count(*) = 2 and min(org_unit_code) = max(org_unit_code) then 1 else 2
            end as completion_nearness
        from officer_in_editions
        where
            (force_code, measure_code, period_start, record_ref) in (
                select force_code, measure_code, period_start, record_ref
                from {{ ref("restated__changed_record") }}
                where change = 'records' and is_changed and record_kind = 'person'
            )
        group by force_code, measure_code, period_start, record_ref, rolled_up_on
    )

select *
from final
