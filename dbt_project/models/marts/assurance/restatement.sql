with
    final as (
        select
            restatement.force_code,
            restatement.measure_code,
            restatement.period_start,
            restatement.org_unit_code,
            restatement.value_before,
            restatement.value_after,
            restatement.cause,
            {{ label("cause", "restatement.cause") }} as cause_label,
            restatement.record_count,
            restatement.step,
            restatement.value_from,
            restatement.value_to,
            restatement.value_change,
            restatement.numerator_change,
            restatement.denominator_change,
            comparison.publication_id as compared_with,
            build.publication_id
        from {{ ref("restated__figure_by_cause") }} as restatement
        cross join {{ ref("stg_audit__comparison") }} as comparison
        cross join
            {{ ref("stg_audit__build") }} as build {{ label_join("cause", "restatement.cause") }}
    )

select *
from final
