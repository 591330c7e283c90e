-- Whoever adds something else to a month's training figure than before, with the day on which they
-- are looked at, and what is nearest to explain it: in post in the same team then and now, only a
-- completion can have changed; otherwise the personnel file comes first.
{{ config(materialized="view") }}

with
    sided as (
        select *
        from {{ ref("restated__contribution") }}
        where record_kind = 'person' and edition in ('before', 'after')
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
        from sided
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
