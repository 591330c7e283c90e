-- Everything about people and their records that this publication tells the public: what was
-- released before, as it was released, and what is released now.
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

    standing as (
        select
            released.force_code,
            released.measure_code,
            released.period_start,
            released.period_end,
            released.org_unit_code,
            released.numerator,
            released.rest
        from {{ ref("stg_audit__released_figure") }} as released
        cross join build
        left join
            {{ ref("int_public_fresh") }} as revised
            on released.force_code = revised.force_code
            and released.measure_code = revised.measure_code
            and released.period_start = revised.period_start
        where
            released.is_latest
            and revised.force_code is null
            -- A run for an earlier day shows nothing of what came after it.
            and released.period_end < build.as_at_day
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
