-- The things of a checklist are no sample of cases, so it has no funnel.
with
    build as (select * from {{ ref("stg_audit__build") }}),

    policy as (
        select value as fewest_forces
        from {{ ref("policy_national") }} as policy_national
        cross join build
        where name = 'fewest_forces' and {{ in_force("policy_national", "build.as_at_day") }}
    ),

    added as (
        select
            force_code,
            comparison_group,
            point_code,
            max(case when {{ is_checklist("position") }} then 1 else 0 end) = 1 as is_checklist,
            count(*) as forces_in_group,
            sum(case when is_alike and denominator > 0 then 1 else 0 end) as forces,
            cast(sum(case when is_alike then numerator end) as bigint) as numerator,
            cast(sum(case when is_alike then denominator end) as bigint) as denominator
        from {{ ref("int_national_position") }} as position
        group by force_code, comparison_group, point_code
    ),

    judged as (
        select
            added.*,
            {{ share("added.numerator", "added.denominator") }} as centre,
            case
                when added.is_checklist
                then 'NO_SAMPLE'
                when added.forces < policy.fewest_forces
                then 'TOO_FEW_FORCES'
                when added.numerator = 0 or added.numerator = added.denominator
                then 'NO_VARIATION'
            end as why_none
        from added
        cross join policy
    ),

    final as (
        select
            force_code,
            comparison_group,
            point_code,
            forces_in_group,
            forces,
            numerator,
            denominator,
            case when why_none is null then centre end as centre,
            why_none
        from judged
    )

select *
from final
