-- The groups of similar forces, with what all their forces together have.
select
    comparison_group, group_name, point_code, point_label, forces_in_group, forces, numerator, denominator, centre,
    why_none, over_dispersion, phi, phi_by_chance
from marts.national_group
order by point_code, group_name
