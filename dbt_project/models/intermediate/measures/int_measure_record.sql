-- This model is a view, because a build reads all of it only once, to compute the figures.
-- `assurance explain` reads only the records of one figure.
{{ config(materialized="view") }}

with
    contribution as (select * from {{ ref("contribution") }}),

    month as (
        select month.*, measure.is_snapshot
        from {{ ref("int_measure_month") }} as month
        inner join
            {{ ref("policy_measure") }} as measure on month.measure_code = measure.measure_code
    ),

    {{ in_months("contribution", "month") }},

    final as (
        select
            force_code,
            measure_code,
            period_start,
            org_unit_code,
            rolled_up_on,
            record_kind,
            record_ref,
            class,
            happened_on,
            numerator,
            denominator,
            hours_to_submission,
            officer_key,
            related_ref
        from contribution_in_months
    )

select *
from final
