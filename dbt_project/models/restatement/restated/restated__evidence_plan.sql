-- Why a strand of the plans is met in a month or no longer: what became of the plans that are, or
-- were, of that strand.
{{ config(materialized="view") }}

with
    changed as (
        select distinct force_code, measure_code, period_start, record_ref
        from {{ ref("restated__changed_record") }}
        where change = 'records' and is_changed and record_kind = 'strand'
    ),

    plan as (
        {{
            versions_of(
                source("general", "plan"),
                "select force_code, record_ref as key from changed",
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
            changed.force_code,
            changed.measure_code,
            changed.period_start,
            'strand' as record_kind,
            changed.record_ref,
            1 as nearness,
            'governance/plans' as dataset,
            plan_change.record_ref as source_ref,
            plan_change.cause
        from changed
        inner join
            plan_change
            on changed.force_code = plan_change.force_code
            and changed.record_ref in (plan_change.strand_before, plan_change.strand_after)
        where plan_change.cause is not null
    )

select *
from final
