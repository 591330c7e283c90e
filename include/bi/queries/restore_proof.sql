-- Whether it is proven that a back-up can be restored, when it was last proven, and by what.
select
    verdict,
    verdict_label,
    last_drill_at,
    failed_step_label,
    last_proven_at,
    due_by,
    seconds,
    backup_made_at,
    batches_compared,
    computed_publication_id
from marts.restore_proof
