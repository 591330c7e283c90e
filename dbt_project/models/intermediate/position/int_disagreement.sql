with
    day_by_stretch as (
        select
            *,
            row_number() over (partition by force_code, point_code order by day)
            - row_number() over (
                partition by force_code, point_code, disagrees order by day
            ) as stretch
        from {{ ref("int_voice_day") }}
    ),

    disagreement as (
        select
            force_code,
            point_code,
            min(day) as disagreed_from,
            max(day) as last_day,
            count(*) as days
        from day_by_stretch
        where disagrees
        group by force_code, point_code, stretch
    ),

    final as (
        select
            disagreement.force_code,
            disagreement.point_code,
            disagreement.disagreed_from,
            case
                when disagreement.last_day < build.as_at_day then disagreement.last_day
            end as disagreed_until,
            disagreement.days,
            first_day.force_self_assessment,
            first_day.commissioner_judgement,
            first_day.data_status
        from disagreement
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            {{ ref("int_voice_day") }} as first_day
            on disagreement.force_code = first_day.force_code
            and disagreement.point_code = first_day.point_code
            and disagreement.disagreed_from = first_day.day
    )

select *
from final
