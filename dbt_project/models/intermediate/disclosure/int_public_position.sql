with
    released as (
        select
            figure.force_code,
            figure.point_code,
            public_measure.counted_as,
            figure.period_start,
            figure.period_end,
            figure.numerator,
            figure.denominator,
            max(figure.period_end) over (
                partition by figure.force_code, figure.point_code
            ) as released_until
        from {{ ref("int_public_release") }} as figure
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            {{ ref("policy_point") }} as point
            on figure.point_code = point.point_code
            and figure.measure_code = point.measure_code
            and {{ in_force("point", "build.as_at_day") }}
        inner join
            {{ ref("policy_public_measure") }} as public_measure
            on figure.measure_code = public_measure.measure_code
            and {{ in_force("public_measure", "figure.period_start") }}
        where figure.org_unit_code = 'ALL'
    ),

    first_reading as (
        select
            force_code,
            point_code,
            min(period_start) as figures_from,
            max(period_end) as figures_to,
            cast(sum(numerator) as bigint) as numerator,
            cast(sum(denominator) as bigint) as denominator
        from released
        where
            period_end = released_until
            or (
                counted_as = 'events'
                and period_end
                > {{ month_end(dbt.dateadd("month", -12, month_of("released_until"))) }}
            )
        group by force_code, point_code
    ),

    -- The second reading counts more cases than the first. The difference is a measure of its
    -- own, so
    -- the second reading is a sum of released figures too. It is shown if both cover the same
    -- months.
    second_reading as (
        select
            first_reading.force_code,
            first_reading.point_code,
            sum(added.numerator) as numerator_added,
            sum(added.denominator) as denominator_added
        from first_reading
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            {{ ref("policy_point") }} as point
            on first_reading.point_code = point.point_code
            and {{ in_force("point", "build.as_at_day") }}
        inner join
            {{ ref("policy_public_measure") }} as public_measure
            on point.second_measure_code = public_measure.completes
            and {{ in_force("public_measure", "first_reading.figures_to") }}
        inner join
            {{ ref("int_public_release") }} as added
            on first_reading.force_code = added.force_code
            and public_measure.measure_code = added.measure_code
            and added.org_unit_code = 'ALL'
            and added.period_start >= first_reading.figures_from
            and added.period_end <= first_reading.figures_to
        group by
            first_reading.force_code,
            first_reading.point_code,
            first_reading.figures_from,
            first_reading.figures_to
        having
            min(added.period_start) = first_reading.figures_from
            and max(added.period_end) = first_reading.figures_to
    ),

    final as (
        select
            first_reading.*,
            cast(
                first_reading.numerator + second_reading.numerator_added as bigint
            ) as second_numerator,
            cast(
                first_reading.denominator + second_reading.denominator_added as bigint
            ) as second_denominator
        from first_reading
        left join
            second_reading
            on first_reading.force_code = second_reading.force_code
            and first_reading.point_code = second_reading.point_code
    )

select *
from final
