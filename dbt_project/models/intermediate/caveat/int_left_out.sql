-- A later full list replaces an earlier one, and with it what was rejected or refused then. Of
-- personnel and units, each past day has the list of that day (mart contract, Time), so there it
-- stays left out of the figures of past days.
{%- set read_by_day = "'hr/personnel', 'hr/org_unit'" %}

with
    rejected as (
        select
            force_code,
            dataset,
            record_key,
            case
                when is_of_newest_file or dataset not in ({{ full_lists() }})
                then 'ROW_IN_QUARANTINE'
                when dataset in ({{ read_by_day }})
                then 'EARLIER_ROW_IN_QUARANTINE'
            end as left_out_code
        from {{ ref("stg_audit__rejected_row") }}
    ),

    quarantine as (
        select
            force_code,
            dataset,
            left_out_code,
            count(*) as items,
            count(distinct record_key) as records
        from rejected
        where left_out_code is not null
        group by force_code, dataset, left_out_code
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

    -- A file that was refused and then landed for the same day is not left out.
    refused_file as (
        select
            delivery.force_code,
            delivery.dataset,
            delivery.delivered_at,
            case
                when
                    delivery.dataset not in ({{ full_lists() }})
                    or coalesce(delivery.delivered_at > newest_landed.delivered_at, true)
                then 'FILE_REFUSED'
                when delivery.dataset in ({{ read_by_day }})
                then 'EARLIER_FILE_REFUSED'
            end as left_out_code
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
        where not delivery.is_landed and landed.dataset is null
    ),

    refused as (
        select
            force_code,
            dataset,
            left_out_code,
            count(distinct delivered_at) as items,
            cast(null as bigint) as records
        from refused_file
        where left_out_code is not null
        group by force_code, dataset, left_out_code
    ),

    not_taken as (
        select
            force_code,
            dataset,
            'FILE_NOT_TAKEN' as left_out_code,
            count(*) as items,
            cast(null as bigint) as records
        from {{ ref("stg_audit__not_taken") }}
        where not is_unfinished
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
