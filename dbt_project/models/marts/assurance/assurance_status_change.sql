with
    shown_before as (
        select position.*, {{ label("status", "position.status") }} as status_label
        from
            {{ ref("stg_audit__position_before") }} as position
            {{ label_join("status", "position.status") }}
    ),

    final as (
        select
            position.force_code,
            position.point_code,
            shown_before.status as status_before,
            shown_before.status_label as status_before_label,
            position.status as status_after,
            {{ label("status", "position.status") }} as status_after_label,
            shown_before.value as value_before,
            position.value as value_after,
            shown_before.compared_with,
            shown_before.compared_as_at,
            build.publication_id
        from {{ ref("int_position") }} as position
        inner join
            shown_before
            on position.force_code = shown_before.force_code
            and position.point_code = shown_before.point_code
        cross join
            {{ ref("stg_audit__build") }} as build {{ label_join("status", "position.status") }}
        where position.status <> shown_before.status
    )

select *
from final
