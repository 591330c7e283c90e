with
    event as (
        select
            *,
            {{ london_day("event_at") }} as event_day,
            upper(replace(replace(trim(status), ' ', '_'), '-', '_')) as normal_status,
            row_number() over (
                partition by force_code, point_code, party, {{ london_day("event_at") }}
                order by event_at desc, place_in_log desc nulls last, status
            ) as place_in_day
        from {{ ref("stg_governance__recommendation_event") }}
    ),

    statement as (
        select
            *,
            lag(status) over (
                partition by force_code, point_code, party order by event_day
            ) as status_before
        from event
        where place_in_day = 1
    ),

    final as (
        select
            statement.force_code,
            statement.point_code,
            statement.party,
            statement.status,
            statement.event_at,
            statement.event_day as valid_from,
            coalesce(
                lead(statement.event_day) over (
                    partition by statement.force_code, statement.point_code, statement.party
                    order by statement.event_day
                ),
                {{ end_of_time() }}
            ) as valid_to,
            meaning.status is not null and meaning.is_assured as is_assured
        from statement
        cross join {{ ref("stg_audit__build") }} as build
        left join
            {{ ref("policy_voice_status") }} as meaning
            on statement.normal_status = meaning.status
            and {{ in_force("meaning", "build.as_at_day") }}
        where statement.status is distinct from statement.status_before
    )

select *
from final
