-- Relevant people in post at each month's end (the current month: today), by team, and how many of
-- them are complete: the whole package, and each module.
with
    whole_package as (
        select
            month.force_code,
            month.measure_code,
            month.period_start,
            month.as_on,
            person.org_unit_code,
            case when person.completed_on <= month.as_on then 1 else 0 end as numerator
        from {{ ref("int_measure_month") }} as month
        inner join
            {{ ref("int_training_person") }} as person
            on month.force_code = person.force_code
            and month.point_code = person.point_code
            and month.as_on >= person.in_post_from
            and month.as_on < person.in_post_to
        where
            month.measure_code
            in ('hydra_completion_incl_absent', 'elearning_completion_incl_absent')
            or (
                month.measure_code in ('hydra_completion', 'elearning_completion')
                and not person.is_long_term_absent
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
            person.org_unit_code,
            case when requirement.completed_on <= month.as_on then 1 else 0 end as numerator
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
        where not person.is_long_term_absent
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
            force_code,
            measure_code,
            period_start,
            org_unit_code,
            as_on as rolled_up_on,
            sum(numerator) as numerator,
            count(*) as denominator
        from everybody
        group by force_code, measure_code, period_start, org_unit_code, as_on
    )

select *
from final
