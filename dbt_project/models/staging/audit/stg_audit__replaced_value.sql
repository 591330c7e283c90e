with
    source as (select * from {{ source("audit", "replaced_value") }}),

    latest_delivery as (
        select
            force_code,
            dataset,
            batch_id,
            row_number() over (
                partition by force_code, dataset order by delivered_at desc, batch_id desc
            ) as place
        from {{ ref("stg_audit__delivery") }}
        where is_landed
    ),

    final as (
        select
            -- ids
            latest_delivery.force_code,

            -- text
            latest_delivery.dataset,
            source.table_name,
            source.column_name,
            source.reason,

            -- numbers
            source.row_number as place_in_delivery
        from source
        inner join
            latest_delivery
            on source.batch_id = latest_delivery.batch_id
            and latest_delivery.place = 1
    )

select *
from final
