-- What blocks a build, and what a build waits for, are told here only. Runs, screens and messages read it from here.

create table audit.model_dataset (
    model text not null,
    dataset text not null,
    distance integer not null,
    primary key (model, dataset)
);
comment on table audit.model_dataset is
'One row per model of the dbt project and dataset that its rows are made from. The last build has written it.';
comment on column audit.model_dataset.distance is
'How many models are between the two. The nearest dataset is where to look first.';
grant select, insert, delete on audit.model_dataset to oic_transform;
grant select on audit.model_dataset to oic_gate, oic_publish, assurance_person;
-- The keys of rows that fail a test of dbt.
grant insert on audit.failing_row to oic_transform;

create view audit.blocking_check with (security_invoker = true) as
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
                order by (failed.stage <> 'landing')::integer, nearest.distance, failed.unexpected desc nulls last, failed.result_id
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
comment on view audit.blocking_check is
'One row per critical check that failed for a build, the nearest to a delivery first: which rule, which table and datasets, how many rows, examples by key, and who must fix it.';
grant select on audit.blocking_check to oic_transform, oic_gate, oic_publish, assurance_person;

create view audit.held_change with (security_invoker = true) as
select result.build_id, row_number() over (partition by result.build_id order by result.result_id, failing.position) as place,
    coalesce(
        failing.row_key ->> 'words',
        failing.row_key ->> 'point_code' || ' moves from ' || (failing.row_key ->> 'percent_before') || '% to '
        || (failing.row_key ->> 'percent_now') || '% by changes of ' || (failing.row_key ->> 'records') || ' known records',
        rtrim(coalesce(nullif(result.description, ''), result.expectation), '.')
    ) as words
from audit.latest_expectation_result as result
left join audit.failing_row as failing using (result_id)
where result.holds and not result.success;
comment on view audit.held_change is
'One row per change of the past for which a build waits for a person, in words with the earlier and the new value. The keys of the rows are kept for six weeks; after that, it is the description of the check.';
grant select on audit.held_change to oic_gate, oic_publish, assurance_person;
