with
    measure as (select * from {{ ref("policy_measure") }} where may_be_added_up),

    final as (
        select
            figure.force_code,
            figure.measure_code,
            measure.title as measure_label,
            figure.point_code,
            point.title as point_label,
            figure.period_start as date_day,
            figure.org_unit_code,
            unit.org_unit_name as org_unit_label,
            figure.is_complete as is_complete_period,
            figure.own_numerator as numerator,
            figure.own_denominator as denominator,
            build.publication_id
        from {{ ref("int_measure") }} as figure
        cross join {{ ref("stg_audit__build") }} as build
        inner join measure on figure.measure_code = measure.measure_code
        left join {{ ref("point_words") }} as point on figure.point_code = point.point_code
        left join
            {{ ref("int_org_unit") }} as unit
            on figure.force_code = unit.force_code
            and figure.org_unit_code = unit.org_unit_code
        where figure.own_denominator > 0
    )

select *
from final
