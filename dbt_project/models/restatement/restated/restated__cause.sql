-- The one cause of each record that adds something else to a restated figure, and the source
-- records
-- behind it: the nearest that became others and, of equally near ones, deleted before late before
-- corrected. A record of which no source record tells the change (it was erased, say) is named by
-- what became of itself.
with
    changed as (
        select distinct force_code, measure_code, period_start, record_kind, record_ref
        from {{ ref("restated__changed_record") }}
        where change = 'records' and is_changed
    ),

    sided as (
        select
            leaf.force_code,
            leaf.measure_code,
            leaf.period_start,
            leaf.record_kind,
            leaf.record_ref,
            sum(case when leaf.edition = 'before' then 1 else 0 end) as before_count,
            sum(case when leaf.edition = 'after' then 1 else 0 end) as after_count
        from {{ ref("restated__contribution") }} as leaf
        inner join
            changed
            on leaf.force_code = changed.force_code
            and leaf.measure_code = changed.measure_code
            and leaf.period_start = changed.period_start
            and leaf.record_kind = changed.record_kind
            and leaf.record_ref = changed.record_ref
        where leaf.edition in ('before', 'after')
        group by
            leaf.force_code, leaf.measure_code, leaf.period_start, leaf.record_kind, leaf.record_ref
    ),

    evidence as (
        {% for kind in ["referral", "custody", "personnel", "training", "plan", "org_unit"] %}
            select
                force_code,
                measure_code,
                period_start,
                record_kind,
                record_ref,
                nearness,
                dataset,
                source_ref,
                cause
            from {{ ref("restated__evidence_" ~ kind) }}
            union all
        {% endfor %}
        select
            sided.force_code,
            sided.measure_code,
            sided.period_start,
            sided.record_kind,
            sided.record_ref,
            9,
            sided.record_kind,
            sided.record_ref,
            case
                when sided.before_count > 0 and sided.after_count > 0
                then 'CORRECTED_RECORD'
                when (sided.before_count > 0) = comparison.is_backwards
                then 'LATE_RECORD'
                else 'DELETED_RECORD'
            end
        from sided
        cross join {{ ref("stg_audit__comparison") }} as comparison
    ),

    ranked as (
        select
            evidence.*,
            rank() over (
                partition by force_code, measure_code, period_start, record_kind, record_ref
                order by nearness, restatement_cause.place
            ) as preference
        from evidence
        inner join ({{ causes() }}) as restatement_cause on evidence.cause = restatement_cause.cause
    ),

    final as (
        select distinct
            force_code,
            measure_code,
            period_start,
            record_kind,
            record_ref,
            cause,
            dataset,
            source_ref
        from ranked
        where preference = 1
    )

select *
from final
