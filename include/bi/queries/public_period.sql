-- Every figure of the whole force that was released.
select point_code, measure_code, period_start, period_end, numerator, denominator, value
from public_release.assurance_period
where org_unit_code = 'ALL'
order by point_code, measure_code, period_start
