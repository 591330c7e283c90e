-- This model is a view, because `assurance explain` reads a few rows of one figure, and
-- nothing reads all rows.
{{ config(materialized="view") }}

with
    level as (
        select true as is_force
        union all
        select false
    ),

    final as (
        select
            record.force_code,
            record.measure_code,
            record.period_start,
            case
                when level.is_force
                then 'ALL'
                else coalesce(ancestor.ancestor_code, record.org_unit_code)
            end as org_unit_code,
            record.org_unit_code as team_code,
            record.record_kind,
            record.record_ref,
            record.class,
            record.numerator,
            record.denominator,
            record.happened_on,
            record.officer_key,
            record.related_ref,
            record.hours_to_submission
        from {{ ref("int_measure_record") }} as record
        inner join level on level.is_force or record.org_unit_code <> 'ALL'
        left join
            {{ ref("int_org_unit_ancestor") }} as ancestor
            on not level.is_force
            and record.force_code = ancestor.force_code
            and record.org_unit_code = ancestor.org_unit_code
            and record.rolled_up_on >= ancestor.valid_from
            and record.rolled_up_on < ancestor.valid_to
    )

select *
from final
