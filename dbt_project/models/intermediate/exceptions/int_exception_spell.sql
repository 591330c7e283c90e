-- The life of every exception: a row for each time that it was on the list. What was told before is
-- gone on from: what is listed now is open, what was open and is not listed now has closed. Once it
-- has come back, somebody should act since it was seen again.
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
    ),

    event as (
        select
            told.force_code,
            told.exception_key,
            told.told_at,
            told.is_open,
            told.exception_code,
            told.point_code,
            told.record_ref,
            told.org_unit_code,
            told.officer_key,
            told.opened_at,
            told.closed_at,
            told.closed_because
        from {{ ref("stg_audit__exception_event") }} as told
        cross join build
        where told.told_at < build.as_at
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
            gone.force_code,
            gone.exception_key,
            build.as_at,
            false,
            gone.exception_code,
            gone.point_code,
            gone.record_ref,
            gone.org_unit_code,
            gone.officer_key,
            gone.opened_at,
            coalesce(closure.closed_at, build.as_at),
            coalesce(closure.closed_because, 'NO_LONGER_LISTED')
        from {{ ref("int_exception_gone") }} as gone
        cross join build
        left join
            closure
            on gone.force_code = closure.force_code
            and gone.exception_key = closure.exception_key
    ),

    followed as (
        select
            *,
            coalesce(
                lag(is_open) over (partition by force_code, exception_key order by told_at), false
            ) as was_open
        from event
    ),

    turn as (
        select
            *,
            lead(closed_at) over life as next_closed_at,
            lead(closed_because) over life as next_closed_because,
            sum(case when is_open then 1 else 0 end) over life as spell
        from followed
        where is_open <> was_open
        window life as (partition by force_code, exception_key order by told_at)
    ),

    spell as (
        select
            turn.force_code,
            turn.exception_key,
            cast(turn.spell as integer) as spell,
            turn.exception_code,
            turn.point_code,
            turn.record_ref,
            coalesce(listed.org_unit_code, turn.org_unit_code) as org_unit_code,
            coalesce(listed.officer_key, turn.officer_key) as officer_key,
            case
                when turn.spell > 1
                then turn.told_at
                else coalesce(listed.opened_at, turn.opened_at)
            end as opened_at,
            turn.told_at as first_seen_at,
            turn.next_closed_at as closed_at,
            turn.next_closed_because as closed_because,
            turn.next_closed_at is null as is_open,
            max(turn.spell) over (partition by turn.force_code, turn.exception_key)
            = turn.spell as is_latest
        from turn
        left join
            {{ ref("int_exception") }} as listed
            on turn.force_code = listed.force_code
            and turn.exception_key = listed.exception_key
            and turn.next_closed_at is null
        where turn.is_open
    ),

    -- The data can say that a thing was put right before it was seen again: then it closed when it
    -- opened.
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
