-- What may go to the public. A force decides itself what it releases, so nothing is here that the
-- force has not released. A total adds up only what is shown, so nothing can be found by
-- subtraction.
with
    build as (select * from {{ ref("stg_audit__build") }}),

    policy as (
        select {{ as_whole("value") }} as smallest
        from {{ ref("policy_national") }} as policy_national
        cross join build
        where
            name = 'suppression_threshold' and {{ in_force("policy_national", "build.as_at_day") }}
    ),

    of_force as (
        select
            force.force_code,
            force.reporting_force_code as area_code,
            'FORCE' as area_kind,
            force.comparison_group,
            force.withdrawn_on,
            force.why_unknown,
            force.is_late,
            point.point_code,
            {{ is_checklist("point") }} as is_checklist,
            released.release_id,
            released.figures_from,
            released.figures_to,
            released.numerator,
            released.denominator,
            released.release_id is not null
            and not released.is_suppressed
            and not {{ is_not_known_to_stand("force") }}
            and released.numerator between 0 and released.denominator
            and released.denominator <= {{ most_cases() }}
            and (
                {{ is_checklist("point") }}
                or {{
                    may_be_shown(
                        "released.numerator",
                        "(released.denominator - released.numerator)",
                        "policy.smallest",
                    )
                }}
            ) as is_shown
        from {{ ref("int_national_force") }} as force
        cross join {{ ref("policy_point") }} as point
        cross join build
        cross join policy
        left join
            {{ ref("stg_national__released") }} as released
            on force.reporting_force_code = released.reporting_force_code
            and point.point_code = released.point_code
        where {{ in_force("point", "build.as_at_day") }}
    ),

    shown as (
        select *, max(figures_to) over (partition by point_code) as newest_figures_to
        from of_force
        where is_shown and not is_checklist
    ),

    -- Only figures for the same days are added up.
    addable as (
        select *, min(figures_from) over (partition by point_code) as newest_figures_from
        from shown
        where figures_to = newest_figures_to
    ),

    areas as (
        select *, comparison_group as area_code_of_total, 'GROUP' as kind_of_total
        from addable
        where figures_from = newest_figures_from
        union all
        select *, force_code, 'NATIONAL'
        from addable
        where figures_from = newest_figures_from
    ),

    totals as (
        select
            force_code,
            area_code_of_total as area_code,
            kind_of_total as area_kind,
            point_code,
            min(figures_from) as figures_from,
            max(figures_to) as figures_to,
            cast(sum(numerator) as bigint) as numerator,
            cast(sum(denominator) as bigint) as denominator,
            count(*) as forces_shown
        from areas
        group by force_code, area_code_of_total, kind_of_total, point_code
    ),

    final as (
        select
            force_code,
            area_code,
            area_kind,
            point_code,
            not is_shown as is_withheld,
            case
                when is_shown
                then null
                when withdrawn_on is not null
                then 'FORCE_WITHDRAWN'
                when release_id is null
                then 'NOT_RELEASED'
                when {{ is_not_known_to_stand("of_force") }}
                then 'UNKNOWN'
                else 'WITHHELD'
            end as why_withheld,
            case when is_shown then figures_from end as figures_from,
            case when is_shown then figures_to end as figures_to,
            case when is_shown then numerator end as numerator,
            case when is_shown then denominator end as denominator,
            case when is_shown then 1 else 0 end as forces_shown
        from of_force
        union all
        select
            force_code,
            area_code,
            area_kind,
            point_code,
            false,
            null,
            figures_from,
            figures_to,
            numerator,
            denominator,
            cast(forces_shown as integer)
        from totals
    )

select *
from final
