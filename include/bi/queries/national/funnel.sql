-- Where each force lies in the funnel of its group. In the order of names, never of figures.
select
    force_name, reporting_force_code, comparison_group, point_code, point_label, state, numerator, denominator,
    value, centre, lower_998, lower_95, upper_95, upper_998, over_dispersion, phi, reading, why_not_compared
from marts.national_funnel
order by point_code, comparison_group, force_name
