{% set followed = followed_readings() %}

with
    changed_record as (
        select distinct
            changed.force_code,
            changed.record_kind,
            changed.record_ref,
            contribution.rolled_up_on as day
        from {{ ref("restated__changed_record") }} as changed
        inner join
            {{ ref("restated__contribution") }} as contribution
            on changed.force_code = contribution.force_code
            and changed.measure_code = contribution.measure_code
            and changed.period_start = contribution.period_start
            and changed.record_kind = contribution.record_kind
            and changed.record_ref = contribution.record_ref
            and contribution.edition in ('earlier_by_todays_rules', 'now')
        where changed.change = 'records' and changed.is_changed
    ),

    -- What the rules read for the changed records, then and now, and on which day.
    wanted as (
        {% for relation in [ref("evidence"), ref("compared__evidence")] %}
            select evidence.force_code, evidence.reading, evidence.source_key, changed_record.day
            from {{ relation }} as evidence
            inner join
                changed_record
                on evidence.force_code = changed_record.force_code
                and evidence.record_kind = changed_record.record_kind
                and evidence.record_ref = changed_record.record_ref
            where
                evidence.nearness is not null
                {{ "union" if loop.first else "and evidence.rules = 'today'" }}
        {% endfor %}
    ),

    {{ source_changes(followed) }}

    -- The units above a team are no evidence of a record. The whole file of each day is compared.
    org_unit_day as (select distinct force_code, day from changed_record),

    org_unit_change as (
        {{
            snapshot_change(
                source("general", "org_unit"),
                source("general", "org_unit"),
                "org_unit_day",
                "org_unit_code",
                ["parent_org_unit_code"],
            )
        }}
    ),

    final as (
        {% for name in followed %}
            {% set reading = readings()[name] %}
            select
                force_code,
                '{{ name }}' as reading,
                source_key,
                day,
                item_code,
                from_day,
                happened_on,
                '{{ reading.dataset }}' as dataset,
                source_ref,
                cause
            from {{ name }}_change
            where cause is not null
            union
        {% endfor %}
        select
            force_code,
            'org_unit',
            record_ref,
            day,
            {{ _about_any_measure() }},
            'hr/org_unit',
            record_ref,
            cause
        from org_unit_change
        where cause is not null
    )

select *
from final
