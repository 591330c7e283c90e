with
    due as (select * from {{ ref("int_sign_off_reopening") }}),

    today as (select * from {{ ref("int_point_status_today") }}),

    recorded as (
        select
            step.force_code,
            step.recommendation_code,
            step.point_code,
            step.round,
            step.step,
            step.made_at,
            step.by_role,
            step.cause,
            step.made_on_publication,
            step.made_on_as_at,
            step.made_on_was_withdrawn,
            step.status_then,
            step.numerator_then,
            step.denominator_then,
            step.value_then,
            step.ci_low_then,
            step.ci_high_then,
            step.evidence_sha256,
            step.evidence_state,
            step.evidence_checked_at,
            step.is_in_force and due.recommendation_code is null as is_in_force
        from {{ ref("int_sign_off_step") }} as step
        left join
            due
            on step.force_code = due.force_code
            and step.recommendation_code = due.recommendation_code
    ),

    -- The reopenings that this build finds. The pipeline adds them to signoff.entry after the
    -- publication.
    reopened_now as (
        select
            due.force_code,
            due.recommendation_code,
            due.point_code,
            due.round,
            'REOPENED' as step,
            due.found_at as made_at,
            'PIPELINE' as by_role,
            due.cause,
            due.publication_id as made_on_publication,
            due.found_at as made_on_as_at,
            false as made_on_was_withdrawn,
            today.status as status_then,
            today.numerator as numerator_then,
            today.denominator as denominator_then,
            {{ share("today.numerator", "today.denominator") }} as value_then,
            {{ wilson_low("today.numerator", "today.denominator") }} as ci_low_then,
            {{ wilson_high("today.numerator", "today.denominator") }} as ci_high_then,
            cast(null as {{ dbt.type_string() }}) as evidence_sha256,
            cast(null as {{ dbt.type_string() }}) as evidence_state,
            cast(null as {{ type_of("timestamp with time zone") }}) as evidence_checked_at,
            true as is_in_force
        from due
        left join today on due.force_code = today.force_code and due.point_code = today.point_code
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
