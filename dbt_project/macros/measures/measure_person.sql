{#- Relevant people in post at each month's end, one row for each measure of training that they are
    looked at for: force_code, measure_code, period_start, as_on, employee_no, org_unit_code,
    completed_on, is_counted, is_complete. In a macro because a published figure is explained by the
    same rule.

    month, person, requirement: as of int_measure_month, int_training_person, int_training_requirement. -#}
{% macro measure_person(month, person, requirement) -%}
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
            from {{ month }} as month
            inner join
                {{ person }} as person
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

        -- The denominator of a module is everybody relevant to the package, so that modules
        -- compare.
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
            from {{ month }} as month
            inner join module_measure on month.measure_code = module_measure.module_measure_code
            inner join
                {{ person }} as person
                on month.force_code = person.force_code
                and month.point_code = person.point_code
                and month.as_on >= person.in_post_from
                and month.as_on < person.in_post_to
            left join
                {{ requirement }} as requirement
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
                everybody.*,
                coalesce(everybody.completed_on <= everybody.as_on, false) as is_complete
            from everybody
        )

    select *
    from final
{%- endmacro %}
