-- Relevant people in post at each month's end (the current month: today), one row for each measure
-- of training that they are looked at for, and whether they count in it and are complete. A view:
-- figures read it once, and who asks for one figure's people reads those alone.
{{ config(materialized="view") }}

with
    whole_package as (
        select
            month.force_code,
            month.measure_code,
            month.period_start,
            month.as_on,
            person.employee_no,
            person.org_unit_code,
            person.completed_on,
            month.measure_code
            in ('hydra_completion_incl_absent', 'elearning_completion_incl_absent')
            or not person.is_long_term_absent as is_counted
        from {{ ref("int_measure_month") }} as month
        inner join
            {{ ref("int_training_person") }} as person
            on month.force_code = person.force_code
            and month.point_code = person.point_code
            and month.as_on >= person.in_post_from
            and month.as_on < person.in_post_to
        where
            month.measure_code in (
                'hydra_completion',
                'hydra_completion_incl_absent',
                'elearning_completion',
                'elearning_completion_incl_absent'
            )
    ),

    module_measure as (
        select distinct requirement_code, module_measure_code
        from {{ ref("policy_training_item") }}
        where module_measure_code is not null
    ),

    -- The denominator of a module is everybody relevant to the package, so that modules compare.
    single_module as (
        select
            month.force_code,
            month.measure_code,
            month.period_start,
            month.as_on,
            person.employee_no,
            person.org_unit_code,
            requirement.completed_on,
            not person.is_long_term_absent as is_counted
        from {{ ref("int_measure_month") }} as month
        inner join module_measure on month.measure_code = module_measure.module_measure_code
        inner join
            {{ ref("int_training_person") }} as person
            on month.force_code = person.force_code
            and month.point_code = person.point_code
            and month.as_on >= person.in_post_from
            and month.as_on < person.in_post_to
        left join
            {{ ref("int_training_requirement") }} as requirement
            on person.force_code = requirement.force_code
            and person.employee_no = requirement.employee_no
            and module_measure.requirement_code = requirement.requirement_code
            and month.as_on >= requirement.in_post_from
            and month.as_on < requirement.in_post_to
    ),

    everybody as (
        select *
        from whole_package
        union all
        select *
        from single_module
    ),

    final as (
        select
            everybody.*, coalesce(everybody.completed_on <= everybody.as_on, false) as is_complete
        from everybody
    )

select *
from final
