with
    build as (select * from {{ ref("stg_audit__build") }}),

    -- The second reading covers the same time as the figure of the position: the last twelve
    -- complete months and the current one, or the as-at day.
    second_count as (
        select
            record.force_code,
            record.measure_code,
            sum(record.numerator) as numerator,
            sum(record.denominator) as denominator
        from {{ ref("contribution") }} as record
        inner join
            {{ ref("policy_measure") }} as measure on record.measure_code = measure.measure_code
        cross join build
        where
            case
                when measure.is_snapshot
                then record.counts_from <= build.as_at_day and record.counts_to > build.as_at_day
                else
                    record.counts_from
                    >= {{ dbt.dateadd("month", -12, month_of("build.as_at_day")) }}
            end
        group by record.force_code, record.measure_code
    ),

    final as (
        select
            point.force_code,
            point.point_code,
            point.second_measure_code,
            cast(coalesce(second_count.numerator, 0) as bigint) as numerator,
            cast(coalesce(second_count.denominator, 0) as bigint) as denominator
        from {{ ref("int_point") }} as point
        left join
            second_count
            on point.force_code = second_count.force_code
            and point.second_measure_code = second_count.measure_code
        where point.second_measure_code is not null
    )

select *
from final
