with
    changed_record as (
        select distinct force_code, measure_code, period_start, record_kind, record_ref
        from {{ ref("restated__changed_record") }}
        where change = 'records' and is_changed
    ),

    record_in_editions as (
        select
            contribution.force_code,
            contribution.measure_code,
            contribution.period_start,
            contribution.record_kind,
            contribution.record_ref,
            sum(
                case when contribution.edition = 'earlier_by_todays_rules' then 1 else 0 end
            ) as before_count,
            sum(case when contribution.edition = 'now' then 1 else 0 end) as after_count
        from {{ ref("restated__contribution") }} as contribution
        inner join
            changed_record
            on contribution.force_code = changed_record.force_code
            and contribution.measure_code = changed_record.measure_code
            and contribution.period_start = changed_record.period_start
            and contribution.record_kind = changed_record.record_kind
            and contribution.record_ref = changed_record.record_ref
        where contribution.edition in ('earlier_by_todays_rules', 'now')
        group by
            contribution.force_code,
            contribution.measure_code,
            contribution.period_start,
            contribution.record_kind,
            contribution.record_ref
    ),

    possible_cause as (
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
