with
    final as (
        select
            proof.force_code,
            proof.verdict,
            case
                proof.verdict
                when 'proven'
                then 'Proven'
                when 'stale'
                then 'Proven too long ago'
                when 'failed'
                then 'Not proven by the last drill'
                else 'Never tried'
            end as verdict_label,
            proof.last_drill_at,
            proof.failed_step,
            case
                proof.failed_step
                when 'RESTORE'
                then 'The back-up could not be restored whole'
                when 'PUBLICATION'
                then 'The publication could not be computed again'
            end as failed_step_label,
            proof.last_proven_at,
            proof.due_by,
            proof.seconds,
            proof.backup_made_at,
            proof.batches_compared,
            proof.computed_publication_id,
            proof.computed_fingerprint,
            build.publication_id
        from {{ ref("int_restore_proof") }} as proof
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
