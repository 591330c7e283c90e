with
    build as (select * from {{ ref("stg_audit__build") }}),

    final as (
        select
            requirement.force_code,
            pseudonym.officer_key,
            requirement.requirement_code,
            requirement.point_code,
            requirement.measure_code,
            requirement.org_unit_code,
            requirement.start_date,
            coalesce(
                build.as_at_day >= requirement.in_post_from
                and build.as_at_day < requirement.in_post_to,
                false
            ) as is_in_post,
            requirement.is_long_term_absent,
            requirement.completed_on is not null as is_complete,
            requirement.completed_on,
            count(*) over package
            = count(requirement.completed_on) over package as is_package_complete,
            item.booked_by,
            booking.booked_for,
            build.as_at_day as as_on
        from {{ ref("int_training_requirement") }} as requirement
        cross join build
        inner join
            {{ ref("stg_identity__pseudonym") }} as pseudonym
            on requirement.force_code = pseudonym.force_code
            and requirement.employee_no = pseudonym.identifier
            and pseudonym.is_person
        left join
            {{ ref("policy_training_item") }} as item
            on requirement.requirement_code = item.requirement_code
            and {{ in_force("item", "build.as_at_day") }}
        left join
            {{ ref("int_hydra_booking") }} as booking
            on item.booked_by = 'session'
            and requirement.force_code = booking.force_code
            and requirement.employee_no = booking.employee_no
        where build.as_at_day >= requirement.valid_from and build.as_at_day < requirement.valid_to
        window
            package as (
                partition by requirement.force_code, requirement.employee_no, requirement.point_code
            )
    )

select *
from final
