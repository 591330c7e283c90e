with
    -- A later full list replaces an earlier one, and with it the rows that were rejected then.
    quarantine as (
        select
            force_code,
            dataset,
            'ROW_IN_QUARANTINE' as left_out_code,
            count(*) as items,
            count(distinct record_key) as records
        from {{ ref("stg_audit__rejected_row") }}
        where is_of_newest_file or dataset not in ({{ full_lists() }})
        group by force_code, dataset
    ),

    newest_landed as (
        select force_code, dataset, max(delivered_at) as delivered_at
        from {{ ref("stg_audit__delivery") }}
        where is_landed
        group by force_code, dataset
    ),

    landed as (
        select distinct force_code, dataset, delivered_at
        from {{ ref("stg_audit__delivery") }}
        where is_landed
    ),

    -- A file that was refused and then landed for the same day is not left out. Neither is a full
    -- list after which another one was landed.
    refused as (
        select
            delivery.force_code,
            delivery.dataset,
            'FILE_REFUSED' as left_out_code,
            count(distinct delivery.delivered_at) as items,
            cast(null as bigint) as records
        from {{ ref("stg_audit__delivery") }} as delivery
        left join
            landed
            on delivery.force_code = landed.force_code
            and delivery.dataset = landed.dataset
            and delivery.delivered_at = landed.delivered_at
        left join
            newest_landed
            on delivery.force_code = newest_landed.force_code
            and delivery.dataset = newest_landed.dataset
        where
            not delivery.is_landed
            and landed.dataset is null
            and (
                delivery.dataset not in ({{ full_lists() }})
                or coalesce(delivery.delivered_at > newest_landed.delivered_at, true)
            )
        group by delivery.force_code, delivery.dataset
    ),

    not_taken as (
        select
            force_code,
            dataset,
            'FILE_NOT_TAKEN' as left_out_code,
            count(*) as items,
            cast(null as bigint) as records
        from {{ ref("stg_audit__not_taken") }}
        group by force_code, dataset
    ),

    final as (
        select *
        from quarantine
        union all
        select *
        from refused
        union all
        select *
        from not_taken
    )

select *
from final
