with
    career_period as (
        select
            personnel.force_code,
            personnel.employee_no,
            personnel.role_code,
            personnel.absence_status,
            coalesce(personnel.org_unit_code, 'UNKNOWN') as org_unit_code,
            personnel.start_date,
            personnel.leave_date,
            greatest(personnel.valid_from, policy.period_from) as valid_from,
            least(personnel.valid_to, policy.period_to) as valid_to
        from {{ ref("stg_hr__personnel") }} as personnel
        inner join
            {{ ref("int_policy_period") }} as policy
            on personnel.valid_from < policy.period_to
            and policy.period_from < personnel.valid_to
    ),

    -- An item is measured in several ways. Its measure here is the one that is declared first.
    item_measure as (
        select
            item_code,
            measure_code,
            row_number() over (partition by item_code order by place) as preference
        from {{ ref("policy_measure") }}
    ),

    needed as (
        select
            career_period.*,
            requirement.requirement_code,
            item.point_code,
            measure.measure_code,
            item.module_version,
            item.launched_on,
            absence.absence_status is not null as is_long_term_absent
        from career_period
        inner join
            {{ ref("policy_role_requirement") }} as requirement
            on career_period.role_code = requirement.role_code
            and {{ in_force("requirement", "career_period.valid_from") }}
        inner join
            {{ ref("policy_training_item") }} as item
            on requirement.requirement_code = item.requirement_code
            and {{ in_force("item", "career_period.valid_from") }}
        left join
            item_measure as measure
            on item.requirement_code = measure.item_code
            and measure.preference = 1
        left join
            {{ ref("policy_absence") }} as absence
            on career_period.absence_status = absence.absence_status
            and {{ in_force("absence", "career_period.valid_from") }}
    ),

    final as (
        select
            needed.force_code,
            needed.employee_no,
            needed.requirement_code,
            needed.point_code,
            needed.measure_code,
            needed.org_unit_code,
            needed.is_long_term_absent,
            needed.valid_from,
            needed.valid_to,
            needed.start_date,
            greatest(needed.valid_from, needed.start_date) as in_post_from,
            least(needed.valid_to, {{ add_days("needed.leave_date", 1) }}) as in_post_to,
            completion.completed_on
        from needed
        left join
            {{ ref("int_training_completion") }} as completion
            on needed.force_code = completion.force_code
            and needed.employee_no = completion.employee_no
            and needed.requirement_code = completion.requirement_code
            and needed.launched_on = completion.launched_on
            and needed.module_version is not distinct from completion.module_version
    )

select *
from final
