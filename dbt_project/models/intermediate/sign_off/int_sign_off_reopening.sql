with
    build as (select * from {{ ref("stg_audit__build") }}),

    -- The signature in force whose status and figure are compared: the Commissioner's, which
    -- closed the point, or the force's until the Commissioner has signed.
    signature as (
        select
            *,
            {{ london_day("made_on_as_at") }} as day_then,
            row_number() over (
                partition by force_code, recommendation_code
                order by case when step = 'COMMISSIONER' then 1 else 2 end
            ) as place
        from {{ ref("int_sign_off_step") }}
        where is_in_force and point_code is not null and step in ('FORCE', 'COMMISSIONER')
    ),

    -- The statuses in order, from 3 (best) to 0 (worst). The statuses unknown and no_cases have no
    -- place, because a point does not slip when its sources become stale or nothing is counted.
    status_place as (
        select 'met_on_time' as status, 3 as place
        union all
        select 'met_late', 3
        union all
        select 'sustained', 3
        union all
        select 'in_progress', 2
        union all
        select 'not_started', 1
        union all
        select 'slipping', 0
        union all
        select 'overdue', 0
    ),

    figure as (
        select force_code, point_code, day, {{ share("numerator", "denominator") }} as value
        from {{ ref("int_point_figure_by_day") }}
    ),

    -- A publication in the early morning includes only a part of its day. So the figure that was
    -- signed is between the figure of the day before and the figure of its own day. It is
    -- restated if both figures, as they are known now, are outside the interval of the signed
    -- figure, on the same side.
    compared as (
        select
            signature.*,
            today.status as status_now,
            coalesce(place_now.place < place_then.place, false) as is_slipped,
            of_day.value as value_now,
            coalesce(
                (
                    of_day.value < signature.ci_low_then
                    and coalesce(day_before.value, of_day.value) < signature.ci_low_then
                )
                or (
                    of_day.value > signature.ci_high_then
                    and coalesce(day_before.value, of_day.value) > signature.ci_high_then
                )
                or (signature.value_then is not null and of_day.value is null),
                false
            ) as is_restated
        from signature
        left join
            {{ ref("int_point_status_today") }} as today
            on signature.force_code = today.force_code
            and signature.point_code = today.point_code
        left join status_place as place_now on today.status = place_now.status
        left join status_place as place_then on signature.status_then = place_then.status
        left join
            figure as of_day
            on signature.force_code = of_day.force_code
            and signature.point_code = of_day.point_code
            and signature.day_then = of_day.day
        left join
            figure as day_before
            on signature.force_code = day_before.force_code
            and signature.point_code = day_before.point_code
            and signature.day_then = {{ add_days("day_before.day", 1) }}
        where signature.place = 1
    ),

    final as (
        select
            compared.force_code,
            compared.recommendation_code,
            compared.point_code,
            compared.round,
            case when compared.is_slipped then 'SLIPPED' else 'RESTATED' end as cause,
            concat_ws(
                '; ',
                case
                    when compared.is_slipped
                    then
                        'the status is '
                        || compared.status_now
                        || ', and was '
                        || compared.status_then
                        || ' when it was signed'
                end,
                case
                    when compared.is_restated
                    then
                        'the figure that it was signed on was '
                        || {{ as_percent("compared.value_then") }}
                        || ' ('
                        || {{ as_percent("compared.ci_low_then") }}
                        || ' to '
                        || {{ as_percent("compared.ci_high_then") }}
                        || '), and for that day it is now '
                        || coalesce({{ as_percent("compared.value_now") }}, 'without a denominator')
                end
            ) as words,
            build.as_at as found_at,
            build.publication_id
        from compared
        cross join build
        where compared.is_slipped or compared.is_restated
    )

select *
from final
