{{ config(tags=["sealed"]) }}

with
    final as (
        select
            caveat.force_code,
            caveat.point_code,
            words.title as point_label,
            cast(caveat.place as integer) as place,
            caveat.caveat_code,
            {{ label("caveat", "caveat.caveat_code") }} as caveat_label,
            caveat.dataset,
            caveat.words,
            caveat.records,
            caveat.could_be_low,
            caveat.could_be_high,
            build.publication_id
        from {{ ref("int_caveat") }} as caveat
        cross join {{ ref("stg_audit__build") }} as build
        left join
            {{ ref("point_words") }} as words on caveat.point_code = words.point_code
            {{ label_join("caveat", "caveat.caveat_code") }}
    )

select *
from final
