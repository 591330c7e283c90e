with
    due as (select * from {{ ref("int_sign_off_reopening") }}),

    recorded as (
        select
            step.force_code,
            step.recommendation_code,
            step.point_code,
            step.round,
            step.step,
            step.made_at,
            step.cause,
            step.evidence_state,
            step.is_in_force and due.recommendation_code is null as is_in_force
        from {{ ref("int_sign_off_step") }} as step
        left join
            due
            on step.force_code = due.force_code
            and step.recommendation_code = due.recommendation_code
    ),

    -- The reopenings that this build finds. They are added to signoff.entry when its publication
    -- becomes current.
    reopened_now as (
        select
            force_code,
            recommendation_code,
            point_code,
            round,
            'REOPENED' as step,
            found_at as made_at,
            cause,
            cast(null as {{ dbt.type_string() }}) as evidence_state,
            true as is_in_force
        from due
    ),

    final as (
        select *
        from recorded
        union all
        select *
        from reopened_now
    )

select *
from final
