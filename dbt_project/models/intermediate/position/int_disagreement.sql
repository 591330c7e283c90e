with
    day as (
        select
            *,
            row_number() over (partition by force_code, point_code order by day)
            - row_number() over (
                partition by force_code, point_code, disagrees order by day
            ) as stretch
        from {{ ref("int_voice_day") }}
    ),

    stretches as (
        select
            force_code,
            point_code,
            min(day) as disagreed_from,
            max(day) as last_day,
            count(*) as days
        from day
        where disagrees
        group by force_code, point_code, stretch
    ),

    final as (
        select
            stretches.force_code,
            stretches.point_code,
            stretches.disagreed_from,
            case
                when stretches.last_day < build.as_at_day then stretches.last_day
            end as disagreed_until,
            stretches.days,
            first_day.force_self_assessment,
            first_day.commissioner_judgement,
            first_day.data_status
        from stretches
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            {{ ref("int_voice_day") }} as first_day
            on stretches.force_code = first_day.force_code
            and stretches.point_code = first_day.point_code
            and stretches.disagreed_from = first_day.day
    )

select *
from final
