with
    build as (select * from {{ ref("stg_audit__build") }}),

    point as (
        select
            policy.point_code,
            policy.measure_code,
            policy.target_unit,
            policy.deadline,
            target.value as target,
            words.title as point_label
        from {{ ref("policy_point") }} as policy
        inner join {{ ref("point_words") }} as words on policy.point_code = words.point_code
        cross join build
        left join
            {{ ref("policy_threshold") }} as target
            on policy.target_threshold = target.name
            and {{ in_force("target", "build.as_at_day") }}
        where {{ in_force("policy", "build.as_at_day") }}
    ),

    -- The last figure that can be true. Figures that contradict themselves, that have a day in the
    -- future, or that the force has rolled back, are the figures of no day.
    last_figure as (
        select
            position.*,
            publication.force_as_at,
            row_number() over (
                partition by position.reporting_force_code, position.point_code
                order by position.force_publication_id desc
            ) as recency
        from {{ ref("stg_national__position") }} as position
        inner join
            {{ ref("stg_national__publication") }} as publication
            on position.reporting_force_code = publication.reporting_force_code
            and position.force_publication_id = publication.force_publication_id
        cross join build
        where
            not publication.is_withdrawn
            and {{ london_day("publication.force_as_at") }} <= build.as_at_day
            and position.value is not null
            and {{ is_possible("position") }}
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
                    when position.point_code is null
                    then 'NOT_UNDERTAKEN'
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
            coalesce(position.target_unit, point.target_unit) as target_unit,
            position.deadline,
            position.policy_confirmed,
            -- The target of a checklist is delivered as a number of things, not as a share.
            coalesce(
                position.target_unit = point.target_unit
                and ({{ is_checklist("position") }} or position.target = point.target)
                and position.deadline is not distinct from point.deadline,
                false
            ) as is_alike,
            last_figure.force_publication_id as newest_publication_id,
            last_figure.force_as_at as newest_as_at,
            last_figure.numerator as newest_numerator,
            last_figure.denominator as newest_denominator,
            last_figure.value as newest_value
        from {{ ref("int_national_force") }} as force
        cross join point
        left join
            {{ ref("stg_national__position") }} as position
            on force.reporting_force_code = position.reporting_force_code
            and force.force_publication_id = position.force_publication_id
            and point.point_code = position.point_code
        left join
            last_figure
            on force.reporting_force_code = last_figure.reporting_force_code
            and point.point_code = last_figure.point_code
            and last_figure.recency = 1
        where force.withdrawn_on is null
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
            why_unknown is null and is_alike as is_alike,
            target,
            target_unit,
            deadline,
            policy_confirmed,
            case when why_unknown is not null then newest_publication_id end as last_publication_id,
            case when why_unknown is not null then newest_as_at end as last_as_at,
            case when why_unknown is not null then newest_numerator end as last_numerator,
            case when why_unknown is not null then newest_denominator end as last_denominator,
            case when why_unknown is not null then newest_value end as last_value,
            nullif(
                concat_ws(
                    '; ',
                    case
                        when why_unknown = 'NOT_UNDERTAKEN'
                        then 'the force did not undertake this point'
                        when why_unknown = 'STALE_SOURCES'
                        then 'the sources of the force are not fresh'
                        when why_unknown is null and not is_alike
                        then 'the force undertook another target or deadline, so it is not compared'
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
