with
    freshness as (select * from {{ ref("int_source_freshness") }}),

    final as (
        select
            freshness.force_code,
            policy.point_code,
            case
                when sum(case when freshness.verdict = 'failed' then 1 else 0 end) > 0
                then 'failed'
                when sum(case when freshness.verdict = 'stale' then 1 else 0 end) > 0
                then 'stale'
                else 'fresh'
            end as source_status,
            {{
                dbt.listagg(
                    "case when freshness.verdict <> 'fresh' then freshness.dataset || ' is ' || freshness.verdict end",
                    "'; '",
                    "order by freshness.dataset",
                )
            }}
            as source_caveat
        from {{ ref("policy_point_dataset") }} as policy
        inner join freshness on policy.dataset = freshness.dataset
        cross join {{ ref("stg_audit__build") }} as build
        where {{ in_force("policy", "build.as_at_day") }}
        group by freshness.force_code, policy.point_code
    )

select *
from final
