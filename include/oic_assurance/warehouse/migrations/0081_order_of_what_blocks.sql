-- Checks that failed alike have one order, whichever dbt tested first.

create or replace view audit.blocking_check with (security_invoker = true) as
with
    nearest as (
        select model, distance, string_agg(dataset, ' and ' order by dataset) as datasets
        from (select *, min(distance) over (partition by model) as least from audit.model_dataset) as made_from
        where distance = least
        group by model, distance
    ),

    failed as (
        select result.*,
            case when result.stage = 'dbt' then coalesce(result.dataset, result.suite) else split_part(result.suite, '.', 2) end as table_name
        from audit.latest_expectation_result as result
        inner join audit.build as build using (build_id)
        where result.severity = 'critical' and not result.success
            -- The landed tables exist before the candidate.
            and (result.stage = 'landing' or result.checked_at >= coalesce(build.candidate_since, '-infinity'))
    ),

    placed as (
        select failed.*, case when failed.stage = 'landing' then failed.dataset else nearest.datasets end as datasets,
            row_number() over (
                partition by build_id
                order by (failed.stage <> 'landing')::integer, nearest.distance, failed.unexpected desc nulls last, failed.table_name, failed.result_id
            ) as place
        from failed
        left join nearest on nearest.model = failed.table_name
    )

select build_id, result_id, place, table_name, datasets, owner, unexpected as rows,
    concat_ws(
        ' ',
        rtrim(coalesce(nullif(description, ''), expectation), '.') || ': this fails in ' || table_name
        || coalesce(' for ' || case unexpected when 1 then '1 row' else unexpected || ' rows' end, '') || '.',
        'The rows come from ' || datasets || '.',
        upper(left(owner, 1)) || substr(owner, 2) || ' must fix it.'
    ) as words,
    (
        select string_agg(known.words, '; ' order by known.position)
        from (
            select failing.position, string_agg(part.key || ' ' || part.value, ', ' order by part.key) as words
            from audit.failing_row as failing
            cross join jsonb_each_text(failing.row_key) as part
            where failing.result_id = placed.result_id and failing.position <= 3
            group by failing.position
        ) as known
    ) as examples
from placed;
