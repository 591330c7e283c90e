{{ config(tags=["sealed"]) }}

with
    failed_check as (
        select distinct dataset
        from {{ ref("stg_audit__expectation_result") }}
        where
            stage = 'landing'
            and expectation in ('few_corrections', 'few_vanished')
            and not is_passed
    ),

    column_total as (
        select
            correction.*,
            sum(correction.records) over (
                partition by correction.force_code, correction.dataset, correction.column_name
            ) as records_of_column,
            row_number() over (
                partition by correction.force_code, correction.dataset, correction.column_name
                order by correction.records desc, correction.was, correction.became
            ) as place_in_column
        from {{ ref("stg_audit__correction") }} as correction
        inner join failed_check on correction.dataset = failed_check.dataset
    ),

    -- The most frequent change of each column, for the two columns with the most corrections.
    ranked_column as (
        select
            *,
            row_number() over (
                partition by force_code, dataset order by records_of_column desc, column_name
            ) as place
        from column_total
        where place_in_column = 1
    ),

    sentence as (
        select
            ranked_column.force_code,
            policy.point_code,
            ranked_column.dataset,
            ranked_column.place,
            ranked_column.records_of_column,
            case
                when ranked_column.column_name = 'record'
                then
                    ranked_column.dataset
                    || ': '
                    || cast(ranked_column.records_of_column as {{ dbt.type_string() }})
                    || ' records vanished'
                else
                    ranked_column.dataset
                    || ': '
                    || cast(ranked_column.records_of_column as {{ dbt.type_string() }})
                    || ' records changed in '
                    || ranked_column.column_name
                    || case
                        when ranked_column.was <> ranked_column.became
                        then ' (' || ranked_column.was || ' to ' || ranked_column.became || ')'
                        else ''
                    end
            end as words
        from ranked_column
        inner join {{ ref("point_dataset") }} as policy on ranked_column.dataset = policy.dataset
        where ranked_column.place <= 2
    ),

    final as (
        select
            force_code,
            point_code,
            dataset,
            {{ dbt.listagg("words", "'; '", "order by place") }} as correction_caveat,
            cast(max(records_of_column) as bigint) as records
        from sentence
        group by force_code, point_code, dataset
    )

select *
from final
