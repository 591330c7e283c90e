with
    event as (
        select
            *,
            {{ london_day("event_at") }} as said_on,
            upper(replace(replace(trim(status), ' ', '_'), '-', '_')) as normal_status,
            row_number() over (
                partition by force_code, point_code, party, {{ london_day("event_at") }}
                order by event_at desc, place_in_log desc
            ) as place
        from {{ ref("stg_governance__recommendation_event") }}
    ),

    word as (
        select
            *,
            lag(status) over (
                partition by force_code, point_code, party order by said_on
            ) as status_before
        from event
        where place = 1
    ),

    final as (
        select
            word.force_code,
            word.point_code,
            word.party,
            word.status,
            word.event_at,
            word.said_on as valid_from,
            coalesce(
                lead(word.said_on) over (
                    partition by word.force_code, word.point_code, word.party order by word.said_on
                ),
                {{ end_of_time() }}
            ) as valid_to,
            meaning.status is not null and meaning.is_assured as is_assured
        from word
        cross join {{ ref("stg_audit__build") }} as build
        left join
            {{ ref("policy_voice_status") }} as meaning
            on word.normal_status = meaning.status
            and {{ in_force("meaning", "build.as_at_day") }}
        where word.status is distinct from word.status_before
    )

select *
from final
