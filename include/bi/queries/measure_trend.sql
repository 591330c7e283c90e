-- Every measure of the whole force by month, with its interval.
select
    figure.point_code,
    figure.measure_code,
    measure.title,
    measure.unit_of_value,
    measure.is_of_position,
    figure.period_start,
    figure.is_complete_period,
    figure.numerator,
    figure.denominator,
    figure.value,
    figure.ci_low,
    figure.ci_high
from marts.assurance_measure as figure
inner join marts.dim_measure as measure
    on figure.force_code = measure.force_code
    and figure.measure_code = measure.measure_code
where figure.org_unit_code = 'ALL'
order by figure.measure_code, figure.period_start
