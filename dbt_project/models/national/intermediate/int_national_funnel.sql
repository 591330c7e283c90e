with
    final as (
        select
            position.force_code,
            position.reporting_force_code,
            position.force_name,
            position.comparison_group,
            position.point_code,
            position.point_label,
            position.state,
            position.numerator,
            position.denominator,
            position.value,
            centre.centre,
            edge.lower_95,
            edge.upper_95,
            edge.lower_998,
            edge.upper_998,
            edge.exact_lower_95,
            edge.exact_upper_95,
            edge.exact_lower_998,
            edge.exact_upper_998,
            edge.over_dispersion,
            edge.phi,
            case
                when edge.centre is null
                then 'NOT_COMPARED'
                when position.value > edge.upper_998 + 1e-9
                then 'ABOVE_998'
                when position.value > edge.upper_95 + 1e-9
                then 'ABOVE_95'
                when position.value < edge.lower_998 - 1e-9
                then 'BELOW_998'
                when position.value < edge.lower_95 - 1e-9
                then 'BELOW_95'
                else 'WITHIN'
            end as reading,
            case
                when position.state = 'UNKNOWN'
                then 'UNKNOWN'
                when not position.is_alike
                then 'NOT_ALIKE'
                when centre.why_none is not null
                then centre.why_none
                when edge.centre is null
                then 'NO_CASES'
            end as why_not_compared
        from {{ ref("int_national_position") }} as position
        inner join
            {{ ref("int_national_centre") }} as centre
            on position.force_code = centre.force_code
            and position.comparison_group = centre.comparison_group
            and position.point_code = centre.point_code
        left join
            {{ ref("int_national_funnel_limit") }} as edge
            on position.force_code = edge.force_code
            and position.comparison_group = edge.comparison_group
            and position.point_code = edge.point_code
            and position.denominator = edge.denominator
            and position.is_alike
        where not {{ is_checklist("position") }}
    )

select *
from final
