with
    listed as (
        select distinct version.force_code, version.officer_key
        from {{ ref("int_officer_version") }} as version
        cross join {{ ref("stg_audit__build") }} as build
        where build.as_at_day >= version.valid_from and build.as_at_day < version.valid_to
    ),

    final as (
        select
            closed.force_code,
            closed.exception_key,
            case
                when listed.officer_key is null
                then 'LEFT'
                when today.officer_key is null
                then 'NO_LONGER_NEEDED'
                when today.is_complete
                then 'COMPLETED'
                when not today.is_in_post
                then 'LEFT'
                when today.is_long_term_absent
                then 'LONG_TERM_ABSENT'
                when closed.exception_code = 'HYDRA_PLACE_MISSING'
                then 'PLACE_BOOKED'
                when today.booked_by = 'session'
                then 'PLACE_MISSING'
                else 'NO_LONGER_NEEDED'
            end as closed_because,
            case
                when today.is_complete then {{ london_midnight("today.completed_on") }}
            end as closed_at
        from {{ ref("int_exception_newly_closed") }} as closed
        left join
            listed
            on closed.force_code = listed.force_code
            and closed.officer_key = listed.officer_key
        left join
            {{ ref("int_training_today") }} as today
            on closed.force_code = today.force_code
            and closed.officer_key = today.officer_key
            and closed.record_ref = today.requirement_code
        where closed.exception_code in ('TRAINING_OUTSTANDING', 'HYDRA_PLACE_MISSING')
    )

select *
from final
