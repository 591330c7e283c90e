with
    build as (select * from {{ ref("stg_audit__build") }}),

    closure as (
        select *
        from {{ ref("int_closure_record") }}
        union all
        select *
        from {{ ref("int_closure_training") }}
        union all
        select *
        from {{ ref("int_closure_plan") }}
        union all
        select *
        from {{ ref("int_closure_board") }}
    ),

    event as (
        select
            earlier.force_code,
            earlier.exception_key,
            earlier.told_at,
            earlier.is_open,
            earlier.exception_code,
            earlier.point_code,
            earlier.record_ref,
            earlier.org_unit_code,
            earlier.officer_key,
            earlier.opened_at,
            earlier.closed_at,
            earlier.closed_because
        from {{ ref("stg_audit__exception_event") }} as earlier
        cross join build
        where earlier.told_at < build.as_at
        union all
        select
            listed.force_code,
            listed.exception_key,
            build.as_at,
            true,
            listed.exception_code,
            listed.point_code,
            listed.record_ref,
            listed.org_unit_code,
            listed.officer_key,
            listed.opened_at,
            null,
            null
        from {{ ref("int_exception") }} as listed
        cross join build
        union all
        select
            closed.force_code,
            closed.exception_key,
            build.as_at,
            false,
            closed.exception_code,
            closed.point_code,
            closed.record_ref,
            closed.org_unit_code,
            closed.officer_key,
            closed.opened_at,
            coalesce(closure.closed_at, build.as_at),
            coalesce(closure.closed_because, 'NO_LONGER_LISTED')
        from {{ ref("int_exception_newly_closed") }} as closed
        cross join build
        left join
            closure
            on closed.force_code = closure.force_code
            and closed.exception_key = closure.exception_key
    ),

    event_with_state_before as (
        select
            *,
            coalesce(
                lag(is_open) over (partition by force_code, exception_key order by told_at), false
            ) as was_open
        from event
    ),

    opening_or_closing as (
        select
            *,
            lead(closed_at) over life as next_closed_at,
            lead(closed_because) over life as next_closed_because,
            sum(case when is_open then 1 else 0 end) over life as spell
        from event_with_state_before
        where is_open <> was_open
        window life as (partition by force_code, exception_key order by told_at)
    ),

    spell as (
        select
            change.force_code,
            change.exception_key,
            cast(change.spell as integer) as spell,
            change.exception_code,
            change.point_code,
            change.record_ref,
            coalesce(listed.org_unit_code, change.org_unit_code) as org_unit_code,
            coalesce(listed.officer_key, change.officer_key) as officer_key,
            case
                when change.spell > 1
                then change.told_at
                else coalesce(listed.opened_at, change.opened_at)
            end as opened_at,
            change.told_at as first_seen_at,
            change.next_closed_at as closed_at,
            change.next_closed_because as closed_because,
            change.next_closed_at is null as is_open,
            max(change.spell) over (partition by change.force_code, change.exception_key)
            = change.spell as is_latest
        from opening_or_closing as change
        left join
            {{ ref("int_exception") }} as listed
            on change.force_code = listed.force_code
            and change.exception_key = listed.exception_key
            and change.next_closed_at is null
        where change.is_open
    ),

    -- The record may have been corrected before the exception was seen again. The spell would then
    -- close before it opens. Such a spell closes at the moment at which it opens.
    final as (
        select
            force_code,
            exception_key,
            spell,
            exception_code,
            point_code,
            record_ref,
            org_unit_code,
            officer_key,
            opened_at,
            first_seen_at,
            case when closed_at is not null then greatest(opened_at, closed_at) end as closed_at,
            closed_because,
            is_open,
            is_latest
        from spell
    )

select *
from final
