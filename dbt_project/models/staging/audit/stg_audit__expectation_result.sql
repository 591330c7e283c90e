with
    source as (select * from {{ source("audit", "expectation_result") }}),

    generation as (select * from {{ source("audit", "generation") }}),

    results_of_this_build as (
        select
            source.*,
            row_number() over (
                partition by source.stage, source.suite, source.expectation
                order by source.result_id desc
            ) as recency
        from source
        inner join {{ ref("stg_audit__build") }} as build on source.build_id = build.publication_id
        left join generation on source.build_id = generation.build_id
        where
            source.suite not in ('dbt_sealed', 'postgresql_sealed')
            and (generation.attached_at is null or source.checked_at <= generation.attached_at)
    ),

    latest as (
        select
            -- text
            dataset,
            dimension,
            severity,
            expectation,
            description,
            stage,

            -- booleans
            success as is_passed,

            -- times
            checked_at
        from results_of_this_build
        where recency = 1
    )

select *
from latest
