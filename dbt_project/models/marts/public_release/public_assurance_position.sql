{{ config(alias="assurance_position", tags=["sealed"]) }}

with
    with_release as (
        select
            position.*,
            {{ is_checklist("position") }} as is_always_shown,
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

    rule as (
        select threshold.value as smallest
        from {{ ref("stg_audit__build") }} as build
        inner join
            {{ ref("policy_threshold") }} as threshold
            on threshold.name = 'suppression_threshold'
            and {{ in_force("threshold", "build.as_at_day") }}
    ),

    left_out as (
        select
            missing.force_code,
            rests_on.point_code,
            sum(missing.records) as records,
            sum(
                case
                    when missing.left_out_code in ('FILE_REFUSED', 'EARLIER_FILE_REFUSED')
                    then missing.items
                end
            ) as files
        from {{ ref("assurance_left_out") }} as missing
        inner join {{ ref("point_dataset") }} as rests_on on missing.dataset = rests_on.dataset
        group by missing.force_code, rests_on.point_code
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
            -- The public sees one code for each name of a status.
            case
                when position.status_case = 'unclear_months' then 'unclear' else position.status
            end as status,
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
            -- The highest number with the same multiple of the threshold, so that neither a small
            -- number nor a small change from one release to the next can be seen.
            cast(
                case
                    when left_out.records > 0
                    then (floor(left_out.records / rule.smallest) + 1) * rule.smallest - 1
                    else 0
                end as bigint
            ) as records_left_out_at_most,
            cast(coalesce(left_out.files, 0) as bigint) as files_left_out,
            position.publication_id
        from with_case as position
        cross join rule
        left join
            left_out
            on position.force_code = left_out.force_code
            and position.point_code = left_out.point_code
        left join
            {{ ref("answer_words") }} as template
            on template.part = 'status'
            and position.status_case = template.case_code
    )

select *
from final
