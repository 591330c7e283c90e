-- The position of each force by assurance point. In the order of names, never of figures.
select
    force_name, reporting_force_code, comparison_group, point_code, point_label, state, why_unknown, status,
    numerator, denominator, value, target, target_unit, case when target_unit = 'share' then target end as target_share,
    deadline, force_as_at, last_as_at, last_numerator, last_denominator, last_value, caveat
from marts.national_position
order by point_code, force_name
