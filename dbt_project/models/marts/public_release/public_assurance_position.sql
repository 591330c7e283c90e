{{ config(alias="assurance_position", tags=["sealed"]) }}

with
    with_release as (
        select
            position.*,
            -- Strands are not people, so their figures on the as-at day may be shown.
            position.point_code = 'INTEL_PLAN' as is_always_shown,
            -- A status and its figure are of the same released numbers. That a status is unknown is
            -- said of today.
            position.source_status = 'fresh'
            and released.point_code is not null as is_of_released_figures,
            released.figures_from,
            released.figures_to,
            released.numerator as released_numerator,
            released.denominator as released_denominator,
            released.value as released_value,
            released.second_numerator as released_second_numerator,
            released.second_denominator as released_second_denominator,
            released.status as released_status,
            coalesce(
                released.status_at_deadline, position.status_at_deadline
            ) as released_status_at_deadline,
            released.change_high as released_change_high
        from {{ ref("assurance_position") }} as position
        left join
            {{ ref("int_public_position") }} as released
            on position.force_code = released.force_code
            and position.point_code = released.point_code
    ),

    judged as (
        select
            position.force_code,
            position.point_code,
            position.as_at,
            case
                when position.is_of_released_figures then position.figures_to else position.date_day
            end as status_on,
            case
                when position.is_of_released_figures
                then position.released_status
                else position.status
            end as status,
            not position.is_always_shown and position.figures_to is null as is_suppressed,
            position.figures_from,
            position.figures_to,
            case
                when position.is_always_shown
                then position.numerator
                else position.released_numerator
            end as numerator,
            case
                when position.is_always_shown
                then position.denominator
                else position.released_denominator
            end as denominator,
            case
                when position.is_always_shown then position.value else position.released_value
            end as value,
            cast(target.target_share as {{ dbt.type_float() }}) as target,
            position.policy_confirmed,
            position.second_reading,
            position.released_second_numerator as second_numerator,
            position.released_second_denominator as second_denominator,
            {{
                share(
                    "position.released_second_numerator",
                    "position.released_second_denominator",
                )
            }} as second_value,
            position.deadline,
            position.released_status_at_deadline as status_at_deadline,
            position.source_status,
            position.publication_id,
            case
                when position.is_of_released_figures
                then position.released_change_high
                else position.change_high
            end as change_high
        from with_release as position
        left join
            {{ ref("int_point_target") }} as target
            on position.force_code = target.force_code
            and position.point_code = target.point_code
    ),

    counted_down as (
        select
            *,
            cast({{ dbt.datediff("status_on", "deadline", "day") }} as integer) as days_to_deadline
        from judged
    ),

    with_case as (
        select *, {{ status_case("false", "change_high >= 0") }} as status_case from counted_down
    ),

    final as (
        select
            position.force_code,
            position.point_code,
            position.as_at,
            position.status_on,
            position.status,
            template.answer_code,
            position.is_suppressed,
            position.figures_from,
            position.figures_to,
            position.numerator,
            position.denominator,
            position.value,
            position.target,
            position.policy_confirmed,
            position.second_reading,
            position.second_numerator,
            position.second_denominator,
            position.second_value,
            position.deadline,
            position.days_to_deadline,
            position.status_at_deadline,
            position.source_status,
            position.publication_id
        from with_case as position
        left join
            {{ ref("answer_words") }} as template
            on template.part = 'status'
            and position.status_case = template.case_code
    )

select *
from final
