with
    build as (select * from {{ ref("stg_audit__build") }}),

    -- A comment after the as-at day is left out, because it has not been published yet. A comment
    -- without a day comes after the comments with a day.
    comment as (
        select
            comment.recommendation_code,
            comment.by_role,
            comment.commented_on,
            row_number() over (
                partition by comment.recommendation_code
                order by
                    case when comment.commented_on is null then 1 else 0 end,
                    comment.commented_on,
                    comment.by_role
            ) as place
        from {{ ref("recommendation_comment") }} as comment
        cross join build
        where comment.commented_on is null or comment.commented_on <= build.as_at_day
    ),

    -- The day of the report is the first day of the period. So a period of 56 days ends 55 days
    -- after the day of the report.
    due as (
        select
            register.recommendation_code,
            register.report_published_on,
            {{ add_days("register.report_published_on", "(" ~ as_whole("period.value") ~ " - 1)") }}
            as comment_due_on,
            build.as_at_day
        from {{ ref("recommendation_register") }} as register
        cross join build
        left join
            {{ ref("policy_threshold") }} as period
            on period.name = 'comment_days'
            and {{ in_force("period", "register.report_published_on") }}
        where
            register.report_published_on is null or register.report_published_on <= build.as_at_day
    ),

    final as (
        select
            due.recommendation_code,
            due.report_published_on,
            due.comment_due_on,
            comment.commented_on,
            comment.by_role as commented_by_role,
            case
                when due.comment_due_on is null
                then 'REPORT_DAY_UNKNOWN'
                when comment.recommendation_code is not null and comment.commented_on is null
                then 'ANSWERED_DAY_UNKNOWN'
                when comment.commented_on <= due.comment_due_on
                then 'ANSWERED_IN_TIME'
                when comment.commented_on > due.comment_due_on
                then 'ANSWERED_LATE'
                when due.as_at_day <= due.comment_due_on
                then 'RUNNING'
                else 'OVERDUE'
            end as comment_status,
            case
                when comment.recommendation_code is null
                then {{ dbt.datediff("due.as_at_day", "due.comment_due_on", "day") }}
            end as days_to_comment
        from due
        left join
            comment on due.recommendation_code = comment.recommendation_code and comment.place = 1
    )

select *
from final
