with
    build as (select * from {{ ref("stg_audit__build") }}),

    comparison as (select * from {{ ref("stg_audit__comparison") }}),

    -- Only what both show can be compared: a measure, a month or a unit may be new, or gone.
    {% for name, columns in [
        ("shown_month", "force_code, measure_code, period_start"),
        ("shown_unit", "force_code, org_unit_code"),
    ] %}
        {{ name }} as (
            select {{ columns }}
            from {{ ref("compared__figure") }}
            intersect
            select {{ columns }}
            from {{ ref("int_measure") }}
        ),
    {% endfor %}

    final as (
        select
            coalesce(before.force_code, after.force_code) as force_code,
            coalesce(before.measure_code, after.measure_code) as measure_code,
            coalesce(before.period_start, after.period_start) as period_start,
            coalesce(before.org_unit_code, after.org_unit_code) as org_unit_code,
            before.value as value_before,
            after.value as value_after,
            coalesce(before.numerator, 0) as numerator_before,
            coalesce(before.denominator, 0) as denominator_before,
            coalesce(after.numerator, 0) as numerator_after,
            coalesce(after.denominator, 0) as denominator_after
        from {{ ref("compared__figure") }} as before
        full outer join
            {{ ref("int_measure") }} as after
            on before.force_code = after.force_code
            and before.measure_code = after.measure_code
            and before.period_start = after.period_start
            and before.org_unit_code = after.org_unit_code
        inner join
            shown_month
            on coalesce(before.force_code, after.force_code) = shown_month.force_code
            and coalesce(before.measure_code, after.measure_code) = shown_month.measure_code
            and coalesce(before.period_start, after.period_start) = shown_month.period_start
        inner join
            shown_unit
            on coalesce(before.force_code, after.force_code) = shown_unit.force_code
            and coalesce(before.org_unit_code, after.org_unit_code) = shown_unit.org_unit_code
        cross join build
        cross join comparison
        where
            {{ differs("before.value", "after.value") }}
            and (
                {{ month_end("coalesce(before.period_start, after.period_start)") }}
                < least(comparison.as_at_day, build.as_at_day)
                or comparison.is_same_moment
            )
    )

select *
from final
