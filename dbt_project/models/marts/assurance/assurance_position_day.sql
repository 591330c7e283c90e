with
    final as (
        select
            position.force_code,
            position.point_code,
            position.day,
            position.numerator,
            position.denominator,
            {{ share("position.numerator", "position.denominator") }} as value,
            position.status,
            {{ status_word("position.is_unclear", label("status", "position.status")) }}
            as status_word,
            build.publication_id
        from {{ ref("int_point_status_by_day") }} as position
        cross join
            {{ ref("stg_audit__build") }} as build {{ label_join("status", "position.status") }}
    )

select *
from final
