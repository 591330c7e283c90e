with
    outstanding as (
        -- Nobody can owe an item before it was launched, or before they joined.
        select today.*, greatest(item.launched_on, today.start_date) as owed_from
        from {{ ref("int_training_today") }} as today
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            {{ ref("policy_training_item") }} as item
            on today.requirement_code = item.requirement_code
            and {{ in_force("item", "build.as_at_day") }}
        where
            today.is_in_post
            and not today.is_long_term_absent
            and not today.is_complete
            and item.launched_on <= build.as_at_day
    ),

    final as (
        select
            force_code,
            case
                when booked_by = 'session' and booked_for is null
                then 'HYDRA_PLACE_MISSING'
                else 'TRAINING_OUTSTANDING'
            end as exception_code,
            point_code,
            requirement_code as record_ref,
            org_unit_code,
            officer_key,
            {{ london_midnight("owed_from") }} as opened_at
        from outstanding
    )

select *
from final
