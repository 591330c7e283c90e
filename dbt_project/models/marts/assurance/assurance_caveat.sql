{{ config(tags=["sealed"]) }}

with
    position as (select * from {{ ref("int_position") }}),

    source as (
        select
            position.force_code,
            position.point_code,
            freshness.dataset,
            freshness.verdict,
            freshness.is_quiet,
            freshness.days_without_news
        from position
        inner join
            {{ ref("point_dataset") }} as rests_on on position.point_code = rests_on.point_code
        inner join
            {{ ref("int_source_freshness") }} as freshness
            on position.force_code = freshness.force_code
            and rests_on.dataset = freshness.dataset
    ),

    source_not_fresh as (
        select
            force_code,
            point_code,
            'SOURCE_NOT_FRESH' as caveat_code,
            dataset,
            dataset || ' is ' || verdict as words,
            cast(null as bigint) as records
        from source
        where verdict <> 'fresh'
    ),

    source_quiet as (
        select
            force_code,
            point_code,
            'SOURCE_QUIET' as caveat_code,
            dataset,
            coalesce(
                dataset
                || ' has brought nothing new for '
                || {{ counted("days_without_news", "day", "days") }},
                dataset || ' has never brought anything'
            ) as words,
            cast(null as bigint) as records
        from source
        where verdict = 'fresh' and is_quiet
    ),

    moved_by_corrections as (
        select
            force_code,
            point_code,
            'MOVED_BY_CORRECTIONS' as caveat_code,
            cast(null as {{ dbt.type_string() }}) as dataset,
            'changes of known records alone move the figure out of its interval' as words,
            cast(null as bigint) as records
        from {{ ref("restated__position") }}
        where is_moved_by_corrections
    ),

    verdict_corrected as (
        select
            force_code,
            point_code,
            'VERDICT_CORRECTED' as caveat_code,
            cast(null as {{ dbt.type_string() }}) as dataset,
            words,
            cast(records as bigint) as records
        from {{ ref("restated__verdict") }}
    ),

    corrected as (
        select
            force_code,
            point_code,
            'MANY_CORRECTIONS' as caveat_code,
            dataset,
            correction_caveat as words,
            records
        from {{ ref("int_point_correction") }}
    ),

    sign_off as (
        select
            force_code,
            point_code,
            'SIGN_OFF' as caveat_code,
            cast(null as {{ dbt.type_string() }}) as dataset,
            sign_off_caveat as words,
            cast(null as bigint) as records
        from {{ ref("int_sign_off_caveat") }}
    ),

    -- A check of a dataset touches the points that rest on the dataset. A check of a mart touches
    -- every point, but for the check that every source is fresh: what is not fresh is a caveat at
    -- the points that rest on it.
    failed_check as (
        select dataset, count(*) as checks
        from {{ ref("stg_audit__expectation_result") }}
        where
            not is_passed
            and severity = 'warning'
            and stage <> 'sealed'
            and not (dataset = 'source_freshness' and dimension = 'freshness')
        group by dataset
    ),

    relied_on as (select distinct dataset from {{ ref("measure_dataset") }}),

    warned as (
        select
            position.force_code,
            position.point_code,
            'CHECK_FAILED' as caveat_code,
            failed_check.dataset,
            {{ counted("failed_check.checks", "data quality warning", "data quality warnings") }}
            || ' about '
            || failed_check.dataset as words,
            cast(null as bigint) as records
        from position
        cross join failed_check
        left join
            {{ ref("point_dataset") }} as rests_on
            on position.point_code = rests_on.point_code
            and failed_check.dataset = rests_on.dataset
        left join relied_on on failed_check.dataset = relied_on.dataset
        where
            rests_on.dataset is not null
            or relied_on.dataset is null
            and not failed_check.dataset like '%/%'
    ),

    -- A file that is no delivery moves no figure, and neither does a row that none of the rules
    -- of the figure reads. What an earlier list lacks moves figures of past days only.
    left_out as (
        select
            position.force_code,
            position.point_code,
            left_out.left_out_code as caveat_code,
            left_out.dataset,
            case
                left_out.left_out_code
                when 'ROW_IN_QUARANTINE'
                then
                    {{ counted("left_out.items", "row", "rows") }}
                    || ' of '
                    || left_out.dataset
                    || ' in quarantine'
                else
                    {{ counted("left_out.items", "file", "files") }}
                    || ' of '
                    || left_out.dataset
                    || ' refused'
            end as words,
            left_out.records
        from position
        inner join
            {{ ref("point_dataset") }} as rests_on on position.point_code = rests_on.point_code
        inner join
            {{ ref("int_left_out") }} as left_out
            on position.force_code = left_out.force_code
            and rests_on.dataset = left_out.dataset
        where rests_on.can_move and left_out.left_out_code in ('ROW_IN_QUARANTINE', 'FILE_REFUSED')
    ),

    caveat as (
        {% for kind in [
            "source_not_fresh",
            "source_quiet",
            "verdict_corrected",
            "moved_by_corrections",
            "corrected",
            "sign_off",
            "warned",
            "left_out",
        ] %}
            select *, {{ loop.index }} as kind_place
            from {{ kind }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    -- Each record in quarantine would change the result of one case at most, or add one. Of what
    -- kind it is cannot be read with certainty, so this is a wide bound.
    placed as (
        select
            caveat.force_code,
            caveat.point_code,
            row_number() over (
                partition by caveat.force_code, caveat.point_code
                order by caveat.kind_place, caveat.caveat_code, caveat.dataset
            ) as place,
            caveat.caveat_code,
            caveat.dataset,
            caveat.words,
            caveat.records,
            case
                when caveat.caveat_code = 'ROW_IN_QUARANTINE'
                then
                    {{
                        share(
                            "greatest(position.numerator - caveat.records, 0)",
                            "position.denominator",
                        )
                    }}
            end as could_be_low,
            case
                when caveat.caveat_code = 'ROW_IN_QUARANTINE'
                then
                    {{
                        share(
                            "least(position.numerator + caveat.records, position.denominator)",
                            "position.denominator",
                        )
                    }}
            end as could_be_high
        from caveat
        inner join
            position
            on caveat.force_code = position.force_code
            and caveat.point_code = position.point_code
    ),

    final as (
        select
            placed.force_code,
            placed.point_code,
            words.title as point_label,
            cast(placed.place as integer) as place,
            placed.caveat_code,
            {{ label("caveat", "placed.caveat_code") }} as caveat_label,
            placed.dataset,
            placed.words,
            placed.records,
            placed.could_be_low,
            placed.could_be_high,
            build.publication_id
        from placed
        cross join {{ ref("stg_audit__build") }} as build
        left join
            {{ ref("point_words") }} as words on placed.point_code = words.point_code
            {{ label_join("caveat", "placed.caveat_code") }}
    )

select *
from final
