with
    drill as (select * from {{ ref("stg_audit__restore_drill") }}),

    marked as (
        select
            drill.*,
            drill.drill_id = max(drill.drill_id) over () as is_last,
            coalesce(
                drill.drill_id = max(case when drill.is_proven then drill.drill_id end) over (),
                false
            ) as is_last_proof
        from drill
    ),

    -- Exactly one row, also without any drill.
    summary as (
        select
            max(case when is_last then finished_at end) as last_drill_at,
            max(case when is_last then batches_compared end) as last_drill_batches,
            max(case when is_last and is_proven then 1 when is_last then 0 end) as last_is_proven,
            max(case when is_last_proof then finished_at end) as last_proven_at,
            max(case when is_last_proof then seconds end) as seconds,
            max(case when is_last_proof then backup_made_at end) as backup_made_at,
            max(case when is_last_proof then batches_compared end) as batches_compared,
            max(
                case when is_last_proof then computed_publication_id end
            ) as computed_publication_id,
            max(case when is_last_proof then content_fingerprint end) as computed_fingerprint
        from marked
    ),

    -- A drill is due each week. The eighth day is for a drill that is late by a day. The
    -- notification and `assurance doctor` use the same number of days.
    summary_with_due_by as (
        select *, {{ dbt.dateadd("hour", 8 * 24, "last_proven_at") }} as due_by from summary
    ),

    final as (
        select
            force.force_code,
            case
                when summary.last_drill_at is null
                then 'unknown'
                when summary.last_is_proven = 0
                then 'failed'
                when build.as_at > summary.due_by
                then 'stale'
                else 'proven'
            end as verdict,
            summary.last_drill_at,
            case
                when summary.last_is_proven = 0 and summary.last_drill_batches is null
                then 'RESTORE'
                when summary.last_is_proven = 0
                then 'PUBLICATION'
            end as failed_step,
            summary.last_proven_at,
            summary.due_by,
            summary.seconds,
            summary.backup_made_at,
            summary.batches_compared,
            summary.computed_publication_id,
            summary.computed_fingerprint
        from summary_with_due_by as summary
        cross join {{ ref("stg_audit__force") }} as force
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
