with
    shown_before as (
        select
            position.force_code,
            position.point_code,
            position.status,
            position.value,
            position.compared_with,
            position.compared_as_at,
            coalesce(position.status_word, {{ label("status", "position.status") }}) as status_word
        from
            {{ ref("stg_audit__position_before") }} as position
            {{ label_join("status", "position.status") }}
    ),

    shown_now as (
        select
            position.*,
            {{ status_word("position.is_unclear", label("status", "position.status")) }}
            as status_word
        from {{ ref("int_position") }} as position {{ label_join("status", "position.status") }}
    ),

    final as (
        select
            position.force_code,
            position.point_code,
            shown_before.status as status_before,
            shown_before.status_word as status_before_label,
            position.status as status_after,
            position.status_word as status_after_label,
            shown_before.value as value_before,
            position.value as value_after,
            shown_before.compared_with,
            shown_before.compared_as_at,
            change.cause,
            {{ label("cause", "change.cause") }} as cause_label,
            change.target_before,
            change.target_after,
            change.words as change_words,
            build.publication_id
        from shown_now as position
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            shown_before
            on position.force_code = shown_before.force_code
            and position.point_code = shown_before.point_code
        left join
            {{ ref("restated__verdict_change") }} as change
            on position.force_code = change.force_code
            and position.point_code = change.point_code
            {{ label_join("cause", "change.cause") }}
        where position.status_word <> shown_before.status_word
    )

select *
from final
