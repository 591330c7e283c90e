-- The lines of the funnels, by number of cases.
select comparison_group, point_code, denominator, centre, lower_998, lower_95, upper_95, upper_998
from marts.national_funnel_limit
order by point_code, comparison_group, denominator
