with
    source as (select * from {{ source("audit", "exception_event") }}),

    withdrawal as (select * from {{ source("audit", "publication_withdrawal") }}),

    -- What a build knows of: entered before it began, as at no later a moment than its own, by
    -- publications that had not been taken back.
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
        where withdrawal.publication_id is null
    ),

    final as (
        select
            force_code,
            exception_key,
            as_at as told_at,
            is_open,
            exception_code,
            point_code,
            record_ref,
            org_unit_code,
            officer_key,
            opened_at,
            closed_at,
            closed_because
        from known
        where recency = 1
    )

select *
from final
