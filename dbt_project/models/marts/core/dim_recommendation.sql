with
    final as (
        select
            force.force_code,
            register.recommendation_code,
            register.point_code,
            register.recommendation_number,
            register.title,
            register.partners,
            point.deadline,
            register.status,
            body.accountable_body,
            comment.report_published_on,
            comment.comment_due_on,
            comment.commented_on,
            comment.commented_by_role,
            comment.comment_status,
            cast(comment.days_to_comment as integer) as days_to_comment,
            build.publication_id
        from {{ ref("recommendation_register") }} as register
        cross join {{ ref("stg_audit__build") }} as build
        cross join {{ ref("stg_audit__force") }} as force
        left join
            {{ ref("int_point") }} as point
            on force.force_code = point.force_code
            and register.point_code = point.point_code
        left join
            {{ ref("int_recommendation_comment") }} as comment
            on register.recommendation_code = comment.recommendation_code
        left join
            {{ ref("accountable_body") }} as body
            on force.force_code = body.force_code
            and {{ in_force("body", "build.as_at_day") }}
    )

select *
from final
