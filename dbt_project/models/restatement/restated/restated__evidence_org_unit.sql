{{ config(materialized="view") }}

with
    changed_record as (
        select distinct
            force_code,
            measure_code,
            period_start,
            record_kind,
            record_ref,
            coalesce(team_after, team_before) as team_code
        from {{ ref("restated__changed_record") }}
        where change = 'records' and is_changed and record_kind <> 'strand'
    ),

    contribution as (
        select distinct
            contribution.force_code,
            contribution.measure_code,
            contribution.period_start,
            contribution.record_kind,
            contribution.record_ref,
            contribution.org_unit_code,
            contribution.rolled_up_on as day
        from {{ ref("restated__contribution") }} as contribution
        inner join
            changed_record
            on contribution.force_code = changed_record.force_code
            and contribution.measure_code = changed_record.measure_code
            and contribution.period_start = changed_record.period_start
            and contribution.record_kind = changed_record.record_kind
            and contribution.record_ref = changed_record.record_ref
            and contribution.org_unit_code = changed_record.team_code
        where contribution.edition in ('earlier_by_todays_rules', 'now')
    ),

    days as (select distinct force_code, day from contribution),

    org_unit as (select * from {{ source("general", "org_unit") }}),

    unit_change as (
        {{
            snapshot_change(
                "org_unit",
                source("general", "org_unit"),
                "days",
                "org_unit_code",
                ["parent_org_unit_code"],
            )
        }}
    ),

    unit_above as (
        select force_code, org_unit_code, ancestor_code, valid_from, valid_to
        from {{ ref("int_org_unit_ancestor") }}
        union
        select force_code, org_unit_code, ancestor_code, valid_from, valid_to
        from {{ ref("compared__ancestor") }}
        where rules = 'today'
    ),

    final as (
        select distinct
            contribution.force_code,
            contribution.measure_code,
            contribution.period_start,
            contribution.record_kind,
            contribution.record_ref,
            6 as nearness,
            'hr/org_unit' as dataset,
            unit_change.record_ref as source_ref,
            unit_change.cause
        from contribution
        inner join
            unit_above
            on contribution.force_code = unit_above.force_code
            and contribution.org_unit_code = unit_above.org_unit_code
            and contribution.day >= unit_above.valid_from
            and contribution.day < unit_above.valid_to
        inner join
            unit_change
            on unit_above.force_code = unit_change.force_code
            and unit_above.ancestor_code = unit_change.record_ref
            and contribution.day = unit_change.day
        where unit_change.cause is not null
    )

select *
from final
