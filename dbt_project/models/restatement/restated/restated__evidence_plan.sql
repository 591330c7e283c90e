{{ config(materialized="view") }}

with
    changed_strand as (
        select distinct force_code, measure_code, period_start, record_ref
        from {{ ref("restated__changed_record") }}
        where change = 'records' and is_changed and record_kind = 'strand'
    ),

    plan as (
        {{
            versions_of(
                source("general", "plan"),
                "select force_code, record_ref as key from changed_strand",
                "strand",
            )
        }}
    ),

    plan_change as (
        {{
            record_change(
                "plan",
                source("general", "plan"),
                "plan_ref",
                [
                    "strand",
                    blank_to_null("owner_role") ~ " is not null",
                    blank_to_null("evidence_ref") ~ " is not null",
                    "case when approved_date <= "
                    ~ london_day("as_at")
                    ~ " then approved_date end",
                    "review_due_date",
                ],
                "first_delivery",
                carry=["strand"],
            )
        }}
    ),

    final as (
        select
            changed_strand.force_code,
            changed_strand.measure_code,
            changed_strand.period_start,
            'strand' as record_kind,
            changed_strand.record_ref,
            1 as nearness,
            'governance/plans' as dataset,
            change.record_ref as source_ref,
            change.cause
        from changed_strand
        inner join
            ({{ changes_by("plan_change", "strand") }}) as change
            on changed_strand.force_code = change.force_code
            and changed_strand.record_ref = change.key
    )

select *
from final
