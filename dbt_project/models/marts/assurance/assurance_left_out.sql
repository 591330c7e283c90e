with
    touched as (
        select
            rests_on.dataset,
            {{ dbt.listagg("words.title", "', '", "order by words.place") }} as points
        from {{ ref("point_dataset") }} as rests_on
        inner join {{ ref("point_words") }} as words on rests_on.point_code = words.point_code
        group by rests_on.dataset
    ),

    final as (
        select
            left_out.force_code,
            left_out.dataset,
            left_out.left_out_code,
            {{ label("left_out", "left_out.left_out_code") }} as left_out_label,
            cast(left_out.items as bigint) as items,
            cast(left_out.records as bigint) as records,
            touched.points,
            build.publication_id
        from {{ ref("int_left_out") }} as left_out
        cross join {{ ref("stg_audit__build") }} as build
        left join
            touched on left_out.dataset = touched.dataset
            {{ label_join("left_out", "left_out.left_out_code") }}
    )

select *
from final
