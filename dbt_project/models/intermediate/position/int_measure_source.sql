with
    freshness as (select * from {{ ref("int_source_freshness") }}),

    final as (
        select
            freshness.force_code,
            rests_on.measure_code,
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
        from {{ ref("measure_dataset") }} as rests_on
        inner join freshness on rests_on.dataset = freshness.dataset
        group by freshness.force_code, rests_on.measure_code
    )

select *
from final
