with
    build as (select * from {{ ref("stg_audit__build") }}),

    rule as (
        select smallest.value as smallest, settle.value as settle_days
        from build
        inner join
            {{ ref("policy_threshold") }} as smallest
            on smallest.name = 'suppression_threshold'
            and {{ in_force("smallest", "build.as_at_day") }}
        inner join
            {{ ref("policy_threshold") }} as settle
            on settle.name = 'public_settle_days'
            and {{ in_force("settle", "build.as_at_day") }}
    ),

    settled as (
        select
            measure.force_code,
            measure.measure_code,
            public_measure.counted_as,
            measure.period_start,
            measure.org_unit_code,
            measure.numerator,
            measure.denominator - measure.numerator as rest,
            rule.smallest
        from {{ ref("int_measure") }} as measure
        cross join build
        cross join rule
        inner join
            {{ ref("policy_public_measure") }} as public_measure
            on measure.measure_code = public_measure.measure_code
            and public_measure.counted_as in ('events', 'people')
            and {{ in_force("public_measure", "measure.period_start") }}
        where
            {{ dbt.datediff(month_end("measure.period_start"), "build.as_at_day", "day") }}
            >= rule.settle_days
    ),

    force as (select * from settled where org_unit_code = 'ALL'),

    district as (
        select settled.*
        from settled
        inner join
            {{ ref("int_org_unit") }} as unit
            on settled.force_code = unit.force_code
            and settled.org_unit_code = unit.org_unit_code
        where unit.kind = 'DISTRICT'
    ),

    all_districts as (
        select
            force_code, measure_code, period_start, sum(numerator) as numerator, sum(rest) as rest
        from district
        group by force_code, measure_code, period_start
    ),

    outside as (
        select
            force.force_code,
            force.measure_code,
            force.counted_as,
            force.period_start,
            'REST' as org_unit_code,
            force.numerator - coalesce(all_districts.numerator, 0) as numerator,
            force.rest - coalesce(all_districts.rest, 0) as rest,
            force.smallest
        from force
        left join
            all_districts
            on force.force_code = all_districts.force_code
            and force.measure_code = all_districts.measure_code
            and force.period_start = all_districts.period_start
    ),

    unit as (
        select *
        from force
        union all
        select *
        from district
        union all
        select *
        from outside
    ),

    final as (
        select
            force_code,
            measure_code,
            counted_as,
            period_start,
            cast({{ month_end("period_start") }} as date) as period_end,
            org_unit_code,
            cast(numerator as bigint) as numerator,
            cast(rest as bigint) as rest,
            smallest
        from unit
    )

select *
from final
