with
    data_voice as (
        select
            on_day.force_code,
            on_day.point_code,
            on_day.day,
            case when today.status = 'unknown' then today.status else on_day.status end as status,
            case
                when today.status is distinct from 'unknown' and on_day.status <> 'no_cases'
                then on_day.is_assured
            end as is_assured
        from {{ ref("int_point_status_by_day") }} as on_day
        cross join {{ ref("stg_audit__build") }} as build
        left join
            {{ ref("int_point_status_today") }} as today
            on on_day.force_code = today.force_code
            and on_day.point_code = today.point_code
            and on_day.day = build.as_at_day
    ),

    final as (
        select
            data_voice.force_code,
            data_voice.point_code,
            data_voice.day,
            data_voice.status as data_status,
            the_force.status as force_self_assessment,
            commissioner.status as commissioner_judgement,
            coalesce(the_force.is_assured <> commissioner.is_assured, false)
            or coalesce(the_force.is_assured <> data_voice.is_assured, false)
            or coalesce(commissioner.is_assured <> data_voice.is_assured, false) as disagrees
        from data_voice
        left join
            {{ ref("int_voice") }} as the_force
            on the_force.party = 'FORCE'
            and data_voice.force_code = the_force.force_code
            and data_voice.point_code = the_force.point_code
            and data_voice.day >= the_force.valid_from
            and data_voice.day < the_force.valid_to
        left join
            {{ ref("int_voice") }} as commissioner
            on commissioner.party = 'COMMISSIONER'
            and data_voice.force_code = commissioner.force_code
            and data_voice.point_code = commissioner.point_code
            and data_voice.day >= commissioner.valid_from
            and data_voice.day < commissioner.valid_to
    )

select *
from final
