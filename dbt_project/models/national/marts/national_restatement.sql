with
    final as (
        select
            restatement.force_code,
            restatement.reporting_force_code,
            restatement.force_publication_id,
            restatement.measure_code,
            measure.title as measure_label,
            restatement.period_start,
            restatement.step,
            restatement.cause,
            restatement.value_before,
            restatement.value_after,
            restatement.value_change,
            build.publication_id
        from {{ ref("stg_national__restatement") }} as restatement
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            {{ ref("int_national_force") }} as force
            on restatement.reporting_force_code = force.reporting_force_code
        inner join
            {{ ref("stg_national__publication") }} as publication
            on restatement.reporting_force_code = publication.reporting_force_code
            and restatement.force_publication_id = publication.force_publication_id
            and not publication.is_withdrawn
        left join
            {{ ref("policy_measure") }} as measure
            on restatement.measure_code = measure.measure_code
    )

select *
from final
