with
    changed_record as (
        select distinct force_code, measure_code, period_start, record_kind, record_ref
        from {{ ref("int_restated_member") }}
        where change = 'records' and is_changed
    ),

    record_in_editions as (
        select
            leaf.force_code,
            leaf.measure_code,
            leaf.period_start,
            leaf.record_kind,
            leaf.record_ref,
            sum(case when leaf.edition = 'before' then 1 else 0 end) as before_count,
            sum(case when leaf.edition = 'after' then 1 else 0 end) as after_count
        from {{ ref("int_restated_leaf") }} as leaf
        inner join
            changed_record
            on leaf.force_code = changed_record.force_code
            and leaf.measure_code = changed_record.measure_code
            and leaf.period_start = changed_record.period_start
            and leaf.record_kind = changed_record.record_kind
            and leaf.record_ref = changed_record.record_ref
        where leaf.edition in ('before', 'after')
        group by
            leaf.force_code, leaf.measure_code, leaf.period_start, leaf.record_kind, leaf.record_ref
    ),

    possible_cause as (
        {% for kind in ["referral", "custody", "career", "training", "strand", "unit"] %}
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
            from {{ ref("int_restated_" ~ kind) }}
            union all
        {% endfor %}
        select
            record_in_editions.force_code,
            record_in_editions.measure_code,
            record_in_editions.period_start,
            record_in_editions.record_kind,
            record_in_editions.record_ref,
            9,
            record_in_editions.record_kind,
            record_in_editions.record_ref,
            case
                when record_in_editions.before_count > 0 and record_in_editions.after_count > 0
                then 'CORRECTED_RECORD'
                when (record_in_editions.before_count > 0) = comparison.is_backwards
                then 'LATE_RECORD'
                else 'DELETED_RECORD'
            end
        from record_in_editions
        cross join {{ ref("stg_audit__comparison") }} as comparison
    ),

    ranked_cause as (
        select
            possible_cause.*,
            rank() over (
                partition by force_code, measure_code, period_start, record_kind, record_ref
                order by nearness, restatement_cause.place
            ) as preference
        from possible_cause
        inner join
            ({{ causes() }}) as restatement_cause on possible_cause.cause = restatement_cause.cause
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
        from ranked_cause
        where preference = 1
    )

select *
from final
