-- How many plan strands were met at the end of each month, with the target.
select
    figure.point_code,
    figure.period_start,
    figure.is_complete_period,
    figure.numerator as met,
    point.target
from marts.assurance_measure as figure
inner join marts.dim_point as point on figure.measure_code = point.measure_code
where point.point_code = 'INTEL_PLAN' and figure.org_unit_code = 'ALL'
order by figure.period_start
