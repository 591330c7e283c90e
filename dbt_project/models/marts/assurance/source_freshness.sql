with
    not_taken as (
        select
            force_code,
            dataset,
            count(*) as files_not_taken,
            {{ dbt.listagg("name || ': ' || reason", "'; '", "order by name, reason", 5) }}
            as not_taken
        from {{ ref("stg_audit__not_taken") }}
        group by force_code, dataset
    ),

    replaced as (
        select force_code, dataset, count(*) as texts_replaced
        from {{ ref("stg_audit__replaced_value") }}
        group by force_code, dataset
    ),

    final as (
        select
            freshness.force_code,
            freshness.dataset,
            freshness.last_record_at,
            freshness.last_landed_at,
            freshness.due_by,
            freshness.days_without_news,
            freshness.is_quiet,
            freshness.verdict,
            freshness.reason,
            coalesce(cast(not_taken.files_not_taken as integer), 0) as files_not_taken,
            not_taken.not_taken,
            coalesce(cast(replaced.texts_replaced as integer), 0) as texts_replaced,
            build.publication_id
        from {{ ref("int_source_freshness") }} as freshness
        cross join {{ ref("stg_audit__build") }} as build
        left join
            not_taken
            on freshness.force_code = not_taken.force_code
            and freshness.dataset = not_taken.dataset
        left join
            replaced
            on freshness.force_code = replaced.force_code
            and freshness.dataset = replaced.dataset
    )

select *
from final
