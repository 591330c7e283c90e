with
    build as (select * from {{ ref("stg_audit__build") }}),

    point as (
        select policy.point_code, policy.measure_code, words.title as point_label
        from {{ ref("policy_point") }} as policy
        inner join {{ ref("point_words") }} as words on policy.point_code = words.point_code
        cross join build
        where {{ in_force("policy", "build.as_at_day") }}
    ),

    joined as (
        select
            force.force_code,
            force.reporting_force_code,
            force.force_name,
            force.comparison_group,
            point.point_code,
            point.point_label,
            point.measure_code,
            force.force_publication_id,
            force.force_as_at,
            coalesce(
                force.why_unknown,
                case
                    when position.status = 'unknown' or position.source_status <> 'fresh'
                    then 'STALE_SOURCES'
                end
            ) as why_unknown,
            force.caveat as caveat_of_force,
            position.force_caveat,
            position.status,
            position.numerator,
            position.denominator,
            position.value,
            position.target,
            position.target_unit,
            position.deadline,
            position.policy_confirmed,
            -- Figures that contradict themselves are no figures of any day.
            coalesce(force.why_unknown, '') not in ('INCONSISTENT', 'INCOMPLETE') as may_be_last
        from {{ ref("int_national_force") }} as force
        cross join point
        left join
            {{ ref("stg_national__position") }} as position
            on force.reporting_force_code = position.reporting_force_code
            and force.force_publication_id = position.force_publication_id
            and point.point_code = position.point_code
    ),

    final as (
        select
            force_code,
            reporting_force_code,
            force_name,
            comparison_group,
            point_code,
            point_label,
            measure_code,
            case when why_unknown is null then 'REPORTED' else 'UNKNOWN' end as state,
            why_unknown,
            case when why_unknown is null then status else 'unknown' end as status,
            case when why_unknown is null then numerator end as numerator,
            case when why_unknown is null then denominator end as denominator,
            case when why_unknown is null then value end as value,
            case when why_unknown is null then force_publication_id end as force_publication_id,
            case when why_unknown is null then force_as_at end as force_as_at,
            target,
            target_unit,
            deadline,
            policy_confirmed,
            case
                when why_unknown is not null and may_be_last then force_publication_id
            end as last_publication_id,
            case when why_unknown is not null and may_be_last then force_as_at end as last_as_at,
            case when why_unknown is not null and may_be_last then numerator end as last_numerator,
            case
                when why_unknown is not null and may_be_last then denominator
            end as last_denominator,
            case when why_unknown is not null and may_be_last then value end as last_value,
            nullif(
                concat_ws(
                    '; ',
                    case
                        when why_unknown = 'STALE_SOURCES'
                        then 'the sources of the force are not fresh'
                    end,
                    caveat_of_force,
                    force_caveat
                ),
                ''
            ) as caveat
        from joined
    )

select *
from final
