with
    build as (select * from {{ ref("stg_audit__build") }}),

    fresh as (
        select
            force_code,
            measure_code,
            period_start,
            period_end,
            'ALL' as org_unit_code,
            numerator,
            rest
        from {{ ref("int_public_fresh") }}
        union all
        select *
        from {{ ref("int_public_breakdown") }}
    ),

    -- If the threshold was raised after a release, a released figure may now be too small to be
    -- shown. Then its whole period, or all districts of the period, are left out.
    remembered as (
        select
            released.*,
            min(
                case
                    when
                        released.org_unit_code <> 'ALL'
                        or {{
                            may_be_shown(
                                "released.numerator",
                                "released.rest",
                                "threshold.value",
                            )
                        }}
                    then 1
                    else 0
                end
            ) over (partition by released.force_code, released.measure_code, released.period_start)
            as is_shown,
            min(
                case
                    when
                        {{
                            may_be_shown(
                                "released.numerator",
                                "released.rest",
                                "threshold.value",
                            )
                        }}
                    then 1
                    else 0
                end
            ) over (partition by released.force_code, released.measure_code, released.period_start)
            as is_broken_down
        from {{ ref("stg_audit__released_figure") }} as released
        cross join build
        inner join
            {{ ref("policy_threshold") }} as threshold
            on threshold.name = 'suppression_threshold'
            and {{ in_force("threshold", "build.as_at_day") }}
        where
            released.is_latest
            -- A build for an earlier day shows no period that ends on or after that day.
            and released.period_end < build.as_at_day
    ),

    standing as (
        select
            remembered.force_code,
            remembered.measure_code,
            remembered.period_start,
            remembered.period_end,
            remembered.org_unit_code,
            remembered.numerator,
            remembered.rest
        from remembered
        left join
            {{ ref("int_public_fresh") }} as revised
            on remembered.force_code = revised.force_code
            and remembered.measure_code = revised.measure_code
            and remembered.period_start = revised.period_start
        where
            revised.force_code is null
            and remembered.is_shown = 1
            and (remembered.org_unit_code = 'ALL' or remembered.is_broken_down = 1)
    ),

    figure as (
        select *
        from fresh
        union all
        select *
        from standing
    ),

    final as (
        select
            figure.force_code,
            figure.measure_code,
            measure.point_code,
            figure.period_start,
            figure.period_end,
            figure.org_unit_code,
            cast(figure.numerator as bigint) as numerator,
            cast(figure.numerator + figure.rest as bigint) as denominator,
            {{ share("figure.numerator", "(figure.numerator + figure.rest)") }} as value
        from figure
        inner join
            {{ ref("policy_measure") }} as measure on figure.measure_code = measure.measure_code
    )

select *
from final
