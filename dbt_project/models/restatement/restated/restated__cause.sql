with
    changed_record as (
        select distinct force_code, measure_code, period_start, record_kind, record_ref
        from {{ ref("restated__changed_record") }}
        where change = 'records' and is_changed
    ),

    record_in_edition as (
        select contribution.*
        from {{ ref("restated__contribution") }} as contribution
        inner join
            changed_record
            on contribution.force_code = changed_record.force_code
            and contribution.measure_code = changed_record.measure_code
            and contribution.period_start = changed_record.period_start
            and contribution.record_kind = changed_record.record_kind
            and contribution.record_ref = changed_record.record_ref
        where contribution.edition in ('earlier_by_todays_rules', 'now')
    ),

    record as (
        select
            record_in_edition.force_code,
            record_in_edition.measure_code,
            record_in_edition.period_start,
            record_in_edition.record_kind,
            record_in_edition.record_ref,
            min(measure.item_code) as item_code,
            max(case when edition = 'earlier_by_todays_rules' then 1 else 0 end) = 1 as was_before,
            max(case when edition = 'now' then 1 else 0 end) = 1 as is_now,
            -- A record that counts elsewhere, or on another day, has moved.
            count(*) < 2
            or min(org_unit_code) <> max(org_unit_code)
            or min(rolled_up_on) <> max(rolled_up_on) as has_moved
        from record_in_edition
        inner join
            {{ ref("policy_measure") }} as measure
            on record_in_edition.measure_code = measure.measure_code
        group by
            record_in_edition.force_code,
            record_in_edition.measure_code,
            record_in_edition.period_start,
            record_in_edition.record_kind,
            record_in_edition.record_ref
    ),

    record_day as (
        select distinct record.*, record_in_edition.rolled_up_on as day
        from record
        inner join
            record_in_edition
            on record.force_code = record_in_edition.force_code
            and record.measure_code = record_in_edition.measure_code
            and record.period_start = record_in_edition.period_start
            and record.record_kind = record_in_edition.record_kind
            and record.record_ref = record_in_edition.record_ref
    ),

    -- What the rules read for the record, then or now. Without a nearness it is never a cause.
    evidence_in_editions as (
        select force_code, record_kind, record_ref, reading, source_key, nearness, nearness_moved
        from {{ ref("evidence") }}
        where nearness is not null
        union
        select force_code, record_kind, record_ref, reading, source_key, nearness, nearness_moved
        from {{ ref("compared__evidence") }}
        where rules = 'today' and nearness is not null
    ),

    -- A change in a day's file explains only the figures of that day. A change of a training item
    -- explains only the measures of the item and of its package. What happened before the item was
    -- launched, or after the record's day, explains nothing.
    changed_evidence as (
        select
            record.force_code,
            record.measure_code,
            record.period_start,
            record.record_kind,
            record.record_ref,
            case
                when record.has_moved then evidence.nearness_moved else evidence.nearness
            end as nearness,
            change.dataset,
            coalesce(change.source_ref, record.record_ref) as source_ref,
            change.cause
        from record_day as record
        inner join
            evidence_in_editions as evidence
            on record.force_code = evidence.force_code
            and record.record_kind = evidence.record_kind
            and record.record_ref = evidence.record_ref
        inner join
            {{ ref("restated__source_change") }} as change
            on evidence.force_code = change.force_code
            and evidence.reading = change.reading
            and evidence.source_key = change.source_key
            and coalesce(change.day, record.day) = record.day
            and coalesce(change.item_code, record.item_code, '') = coalesce(record.item_code, '')
            and coalesce(change.from_day, record.day) <= coalesce(change.happened_on, record.day)
            and coalesce(change.happened_on, record.day) <= record.day
    ),

    -- A record adds to other units above its team, if the file of organisational units has changed.
    unit_above as (
        select force_code, org_unit_code, ancestor_code, valid_from, valid_to
        from {{ ref("int_org_unit_ancestor") }}
        union
        select force_code, org_unit_code, ancestor_code, valid_from, valid_to
        from {{ ref("compared__ancestor") }}
        where rules = 'today'
    ),

    changed_unit_above as (
        select distinct
            record.force_code,
            record.measure_code,
            record.period_start,
            record.record_kind,
            record.record_ref,
            change.dataset,
            change.source_ref,
            change.cause
        from record_in_edition as record
        inner join
            unit_above
            on record.force_code = unit_above.force_code
            and record.org_unit_code = unit_above.org_unit_code
            and record.rolled_up_on >= unit_above.valid_from
            and record.rolled_up_on < unit_above.valid_to
        inner join
            {{ ref("restated__source_change") }} as change
            on change.reading = 'org_unit'
            and unit_above.force_code = change.force_code
            and unit_above.ancestor_code = change.source_key
            and record.rolled_up_on = change.day
    ),

    -- A referral was awaiting a document in one of the two publications, and its grace period has
    -- ended in the other. No source record shows this, so the record itself is late.
    ended_by_itself as (
        select force_code, measure_code, record_kind, record_ref
        from {{ ref("contribution") }} as contribution
        where {{ ends_by_itself("contribution") }}
        union
        select force_code, measure_code, record_kind, record_ref
        from {{ ref("compared__contribution") }} as contribution
        where rules = 'today' and {{ ends_by_itself("contribution") }}
    ),

    -- The three further causes are farther than all evidence.
    possible_cause as (
        select *
        from changed_evidence
        union all
        select
            record.force_code,
            record.measure_code,
            record.period_start,
            record.record_kind,
            record.record_ref,
            10 as nearness,
            case
                record.record_kind
                {% for kind, one in records().items() %}
                    when '{{ kind }}' then '{{ readings()[one.evidence[0].reading].dataset }}'
                {% endfor %}
            end,
            record.record_ref,
            'LATE_RECORD'
        from record
        inner join
            ended_by_itself
            on record.force_code = ended_by_itself.force_code
            and record.measure_code = ended_by_itself.measure_code
            and record.record_kind = ended_by_itself.record_kind
            and record.record_ref = ended_by_itself.record_ref
        union all
        select
            force_code,
            measure_code,
            period_start,
            record_kind,
            record_ref,
            11,
            dataset,
            source_ref,
            cause
        from changed_unit_above
        union all
        -- Without another cause, the two publications themselves say what happened.
        select
            record.force_code,
            record.measure_code,
            record.period_start,
            record.record_kind,
            record.record_ref,
            12,
            record.record_kind,
            record.record_ref,
            case
                when record.was_before and record.is_now
                then 'CORRECTED_RECORD'
                when record.was_before = comparison.is_backwards
                then 'LATE_RECORD'
                else 'DELETED_RECORD'
            end
        from record
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
