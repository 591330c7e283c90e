with
    build as (select * from {{ ref("stg_audit__build") }}),

    -- The next day on which another row of the point, or of its target, begins.
    beginning as (
        select point.point_code, point.effective_from as begins_on
        from {{ ref("policy_point") }} as point
        union all
        select point.point_code, threshold.effective_from
        from {{ ref("int_point") }} as point
        inner join
            {{ ref("policy_threshold") }} as threshold on point.target_threshold = threshold.name
    ),

    change as (
        select beginning.point_code, min(beginning.begins_on) as changes_on
        from beginning
        cross join build
        where beginning.begins_on > build.as_at_day
        group by beginning.point_code
    ),

    strands as (
        select change.changes_on, count(*) as strands
        from (select distinct changes_on from change) as change
        inner join
            {{ ref("policy_plan_strand") }} as strand
            on {{ in_force("strand", "change.changes_on") }}
        group by change.changes_on
    ),

    policy_then as (
        select
            change.point_code,
            change.changes_on,
            point.deadline as deadline_then,
            {{ target_value("point.target_unit", "threshold.value", "strands.strands") }}
            as target_then
        from change
        inner join
            {{ ref("policy_point") }} as point
            on change.point_code = point.point_code
            and {{ in_force("point", "change.changes_on") }}
        inner join
            {{ ref("policy_threshold") }} as threshold
            on point.target_threshold = threshold.name
            and {{ in_force("threshold", "change.changes_on") }}
        left join strands on change.changes_on = strands.changes_on
    ),

    final as (
        select
            point.force_code,
            point.point_code,
            words.title,
            words.question,
            point.measure_code,
            point.second_measure_code,
            target.target,
            target.target_unit,
            point.deadline,
            policy_then.changes_on,
            policy_then.target_then,
            policy_then.deadline_then,
            owner.owner_role,
            {{ is_confirmed("owner") }} as is_owner_confirmed,
            build.publication_id
        from {{ ref("int_point") }} as point
        cross join build
        inner join {{ ref("point_words") }} as words on point.point_code = words.point_code
        left join
            {{ ref("int_point_target") }} as target
            on point.force_code = target.force_code
            and point.point_code = target.point_code
        left join policy_then on point.point_code = policy_then.point_code
        left join
            {{ ref("policy_point_owner") }} as owner
            on point.point_code = owner.point_code
            and {{ in_force("owner", "build.as_at_day") }}
    )

select *
from final
