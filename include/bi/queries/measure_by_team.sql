-- The measure that decides the position of each point, by team, for the days of the position: the
-- current month, or the last twelve complete months with it.
select
    figure.point_code,
    figure.org_unit_code,
    unit.org_unit_name,
    unit.parent_org_unit_code,
    cast(sum(figure.numerator) as bigint) as numerator,
    cast(sum(figure.denominator) as bigint) as denominator
from marts.assurance_measure as figure
inner join marts.assurance_position as position
    on figure.force_code = position.force_code
    and figure.point_code = position.point_code
    and figure.period_start >= date_trunc('month', position.figure_from)
    and figure.period_start <= position.figure_to
inner join marts.dim_measure as measure
    on figure.force_code = measure.force_code
    and figure.measure_code = measure.measure_code
    and measure.is_of_position
inner join marts.dim_org_unit as unit
    on figure.force_code = unit.force_code
    and figure.org_unit_code = unit.org_unit_code
where unit.kind in ('TEAM', 'UNKNOWN')
group by
    figure.point_code, figure.org_unit_code, unit.org_unit_name, unit.parent_org_unit_code
having sum(figure.denominator) > 0
order by figure.point_code, figure.org_unit_code
