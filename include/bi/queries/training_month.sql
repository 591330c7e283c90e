-- Completed training at the end of each month, for the whole force, each district and each team. The
-- three levels overlap, so rows of different levels must not be added up: `unit_level` tells them
-- apart.
select
    figure.point_code,
    figure.measure_code,
    figure.period_start,
    figure.is_complete_period,
    case unit.kind when 'FORCE' then 0 when 'DISTRICT' then 1 else 2 end as unit_level,
    unit.district_label,
    unit.team_label,
    figure.numerator,
    figure.denominator,
    measure.title,
    measure.is_of_position,
    point.target,
    figure.measure_code not in (point.measure_code, point.second_measure_code) as is_module
from marts.assurance_measure as figure
inner join marts.dim_org_unit as unit on figure.org_unit_code = unit.org_unit_code
inner join marts.dim_measure as measure on figure.measure_code = measure.measure_code
inner join marts.dim_point as point on figure.point_code = point.point_code
where
    figure.point_code in ('HYDRA', 'ELEARNING')
    and measure.unit_of_value = 'share'
    and unit.kind in ('FORCE', 'DISTRICT', 'TEAM')
    and figure.denominator > 0
order by figure.measure_code, figure.period_start, unit_level, figure.org_unit_code
