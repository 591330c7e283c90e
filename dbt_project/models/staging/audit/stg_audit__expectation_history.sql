with
    source as (select * from {{ source("audit", "expectation_result") }}),

    build as (select * from {{ ref("stg_audit__build") }}),

    every_build as (select * from {{ source("audit", "build") }} where purpose = 'daily'),

    generation as (select * from {{ source("audit", "generation") }}),

    known as (
        select
            source.*,
            every_build.as_at,
            every_build.as_at > {{ dbt.dateadd("day", -42, "build.as_at") }} as is_recent,
            source.build_id = build.publication_id
            or coalesce(generation.shown_at <= build.known_at, false) as is_published,
            row_number() over (
                partition by source.build_id, source.stage, source.suite, source.expectation
                order by source.result_id desc
            ) as recency
        from source
        inner join every_build on source.build_id = every_build.build_id
        inner join build on every_build.as_at <= build.as_at
        left join generation on source.build_id = generation.build_id
        where
            -- Two kinds of results of this build do not count. Results from after its tables were
            -- attached are left out, as in stg_audit__expectation_result. Results on the sealed
            -- marts are left out, because the sealed marts show results about the other tables
            -- only.
            case
                when source.build_id <> build.publication_id
                then source.checked_at <= build.known_at
                when source.stage = 'sealed' or source.suite in ('dbt_sealed', 'postgresql_sealed')
                then false
                else source.checked_at <= coalesce(generation.attached_at, source.checked_at)
            end
    ),

    latest as (
        select
            -- ids
            build_id,

            -- text
            stage,
            case
                when stage = 'dbt'
                then coalesce(dataset, suite)
                else
                    replace(
                        replace(suite, 'candidate_public.', 'public_release.'),
                        'candidate.',
                        'marts.'
                    )
            end as table_name,
            expectation as check_name,
            description,
            dimension,
            severity,
            owner,

            -- numbers
            evaluated as rows_checked,
            unexpected as rows_failed,
            tolerated as tolerated_share,

            -- booleans
            success as is_passed,
            is_published,

            -- times
            as_at,
            checked_at
        from known
        where recency = 1 and (is_recent or not success)
    )

select *
from latest
