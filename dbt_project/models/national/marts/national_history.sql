with
    final as (
        select
            history.force_code,
            history.reporting_force_code,
            history.point_code,
            history.force_publication_id,
            history.force_as_at,
            history.force_published_at,
            history.is_current,
            history.is_withdrawn,
            history.status,
            history.numerator,
            history.denominator,
            history.value,
            history.compared_publication_id,
            history.numerator_before,
            history.denominator_before,
            history.value_before,
            history.value_change,
            history.why_changed,
            history.causes,
            build.publication_id
        from {{ ref("int_national_history") }} as history
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            {{ ref("int_national_force") }} as force
            on history.reporting_force_code = force.reporting_force_code
    )

select *
from final
