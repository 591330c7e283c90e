with
    action_count as (
        select force_code, question_ref, count(*) as actions
        from {{ ref("int_board_action") }}
        where question_ref is not null
        group by force_code, question_ref
    ),

    final as (
        select
            question.force_code,
            question.question_ref,
            question.point_code,
            question.question,
            question.asked_of,
            question.raised_on,
            question.answered_on,
            question.status,
            case
                question.status
                when 'OPEN'
                then 'Open'
                when 'ANSWERED'
                then 'Answered'
                else 'Noted without an answer'
            end as status_label,
            question.answer,
            case
                when question.status = 'OPEN'
                then
                    cast(
                        {{ dbt.datediff("question.raised_on", "build.as_at_day", "day") }}
                        as integer
                    )
            end as days_open,
            coalesce(cast(action_count.actions as integer), 0) as actions,
            build.publication_id
        from {{ ref("stg_governance__board_question") }} as question
        cross join {{ ref("stg_audit__build") }} as build
        left join
            action_count
            on question.force_code = action_count.force_code
            and question.question_ref = action_count.question_ref
    )

select *
from final
