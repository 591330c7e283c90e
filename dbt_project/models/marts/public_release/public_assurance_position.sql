{{ config(alias="assurance_position", tags=["sealed"]) }}

with
    position_with_release as (
        select
            position.*,
            -- Strands are not people, so their figures on the as-at day may be shown.
            position.point_code = 'INTEL_PLAN' as is_always_shown,
            -- The status is for the day of the figures. A reader cannot compare them otherwise.
            -- That it is unknown is said of today.
            case
                when position.source_status = 'fresh'
                then coalesce(released.figures_to, position.date_day)
                else position.date_day
            end as status_on,
            released.figures_from,
            released.figures_to,
            released.numerator as released_numerator,
            released.denominator as released_denominator,
            {{ share("released.numerator", "released.denominator") }} as released_value,
            released.second_numerator as released_second_numerator,
            released.second_denominator as released_second_denominator
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
            position.status_on,
            case
                when position.source_status <> 'fresh' or position.figures_to is null
                then position.status
                -- A correction that is too small to be shown can move the real figure over the
                -- target, and the released one not. Then the released figure decides.
                when position.deadline <= position.status_on
                then
                    case
                        when position.released_value >= target.target_share
                        then
                            case
                                when
                                    position.deadline = position.status_on
                                    or position.status_at_deadline = 'met_on_time'
                                then 'met_on_time'
                                else 'met_late'
                            end
                        when that_day.status = 'slipping'
                        then 'slipping'
                        else 'overdue'
                    end
                else that_day.status
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
            cast(
                {{ dbt.datediff("position.status_on", "position.deadline", "day") }} as integer
            ) as days_to_deadline,
            position.status_at_deadline,
            position.source_status,
            position.publication_id,
            trend.change_high
        from position_with_release as position
        left join
            {{ ref("int_point_status_by_day") }} as that_day
            on position.force_code = that_day.force_code
            and position.point_code = that_day.point_code
            and position.status_on = that_day.day
        left join
            {{ ref("int_nccu_trend") }} as trend
            on position.force_code = trend.force_code
            and position.point_code = trend.point_code
            and position.status_on = trend.day
        left join
            {{ ref("int_point_target") }} as target
            on position.force_code = target.force_code
            and position.point_code = target.point_code
    ),

    with_case as (
        select *, {{ status_case("false", "change_high >= 0") }} as status_case from judged
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
