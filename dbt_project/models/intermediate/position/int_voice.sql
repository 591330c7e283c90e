-- What the force says of itself and what the Commissioner judged: the latest event of each in the
-- log, and whether it says that the point is assured.
with
    event as (
        select *, upper(replace(replace(trim(status), ' ', '_'), '-', '_')) as normal_status
        from {{ ref("stg_governance__recommendation_event") }}
    ),

    latest as (
        select
            event.*,
            row_number() over (
                partition by event.force_code, event.point_code, event.party
                order by event.event_at desc, event.place_in_log desc
            ) as place
        from event
    ),

    final as (
        select
            latest.force_code,
            latest.point_code,
            latest.party,
            latest.status,
            latest.event_at,
            meaning.status is not null and meaning.is_assured as is_assured
        from latest
        cross join {{ ref("stg_audit__build") }} as build
        left join
            {{ ref("policy_voice_status") }} as meaning
            on latest.normal_status = meaning.status
            and {{ in_force("meaning", "build.as_at_day") }}
        where latest.place = 1
    )

select *
from final
