{#- A description is shown only if at least this number of officers in post in the unit share it. -#}
{% set fewest = 5 %}

with
    build as (select * from {{ ref("stg_audit__build") }}),

    role_need as (
        select
            requirement.role_code,
            max(case when item.booked_by = 'session' then 1 else 0 end) as needs_hydra
        from {{ ref("policy_role_requirement") }} as requirement
        inner join
            {{ ref("policy_training_item") }} as item
            on requirement.requirement_code = item.requirement_code
        cross join build
        where
            {{ in_force("requirement", "build.as_at_day") }}
            and {{ in_force("item", "build.as_at_day") }}
        group by requirement.role_code
    ),

    in_post as (
        select
            personnel.force_code,
            pseudonym.officer_key,
            coalesce(personnel.org_unit_code, 'UNKNOWN') as org_unit_code,
            personnel.employment_type,
            coalesce(rank_group.rank_group, 'OTHER') as rank_group,
            case
                when role_need.needs_hydra = 1
                then 'NEEDS_HYDRA_AND_MODULES'
                when role_need.needs_hydra = 0
                then 'NEEDS_MODULES'
                else 'NEEDS_NO_TRAINING'
            end as role_group
        from {{ ref("stg_hr__personnel") }} as personnel
        cross join build
        inner join
            {{ ref("stg_identity__pseudonym") }} as pseudonym
            on personnel.force_code = pseudonym.force_code
            and personnel.employee_no = pseudonym.identifier
            and pseudonym.is_person
        left join role_need on personnel.role_code = role_need.role_code
        left join
            {{ ref("rank_group") }} as rank_group
            on upper(trim(personnel.rank_grade)) = rank_group.rank_grade
        where
            build.as_at_day >= personnel.valid_from
            and build.as_at_day < personnel.valid_to
            and personnel.start_date <= build.as_at_day
            and coalesce(personnel.leave_date, build.as_at_day) >= build.as_at_day
    ),

    counted as (
        select
            in_post.*,
            count(*) over (
                partition by force_code, org_unit_code, employment_type, rank_group, role_group
            ) as officers
        from in_post
    ),

    ranked as (
        select
            counted.*,
            sum(case when officers < {{ fewest }} then 1 else 0 end) over (
                partition by force_code, org_unit_code
            ) as alone_in_unit,
            dense_rank() over (
                partition by force_code, org_unit_code, officers < {{ fewest }}
                order by officers, employment_type, rank_group, role_group
            ) as place
        from counted
    ),

    final as (
        select force_code, officer_key, org_unit_code, employment_type, rank_group, role_group
        from ranked
        where
            officers >= {{ fewest }}
            -- If only one to four officers of a unit had no description, the blank would identify
            -- them. The description with the next fewest officers is then left blank too.
            and not (alone_in_unit between 1 and {{ fewest - 1 }} and place = 1)
    )

select *
from final
