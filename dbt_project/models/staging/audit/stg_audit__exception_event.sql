with
    source as (select * from {{ source("audit", "exception_event") }}),

    withdrawal as (select * from {{ source("audit", "publication_withdrawal") }}),

    known as (
        select
            source.*,
            row_number() over (
                partition by source.force_code, source.exception_key, source.as_at
                order by source.publication_id desc
            ) as recency
        from source
        inner join
            {{ ref("stg_audit__build") }} as build
            on source.entered_at <= build.known_at
            and source.as_at <= build.as_at
        left join
            withdrawal
            on source.publication_id = withdrawal.publication_id
            and withdrawal.withdrawn_from <= build.known_at
            and coalesce(withdrawal.withdrawn_until > build.known_at, true)
        where
            withdrawal.publication_id is null
            -- The marking of this document has risen above the ceiling, and it waits to be erased
            -- with its events. If the marking is lowered again, its events count again.
            and not (
                source.exception_code like 'DOCUMENT_%'
                and exists (
                    select *
                    from {{ source("audit", "recalled_record") }} as recalled
                    where
                        recalled.force_code = source.force_code
                        and recalled.table_name = 'intelligence_report'
                        and {{ is_listed("source.record_ref", "recalled.names") }}
                )
            )
    ),

    final as (
        select
            -- ids
            force_code,
            exception_key,
            point_code,
            record_ref,
            org_unit_code,
            officer_key,

            -- text
            exception_code,
            closed_because,

            -- booleans
            is_open,

            -- times
            as_at as told_at,
            opened_at,
            closed_at
        from known
        where recency = 1
    )

select *
from final
