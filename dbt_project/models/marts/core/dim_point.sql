with
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
            owner.owner_role,
            {{ is_confirmed("owner") }} as is_owner_confirmed,
            build.publication_id
        from {{ ref("int_point") }} as point
        cross join {{ ref("stg_audit__build") }} as build
        inner join {{ ref("point_words") }} as words on point.point_code = words.point_code
        left join
            {{ ref("int_point_target") }} as target
            on point.force_code = target.force_code
            and point.point_code = target.point_code
        left join
            {{ ref("policy_point_owner") }} as owner
            on point.point_code = owner.point_code
            and {{ in_force("owner", "build.as_at_day") }}
    )

select *
from final
