-- The number of open exceptions by kind, unit and age. The result names no person and no record.
select
    waiting.point_code,
    waiting.exception_code,
    waiting.age_band,
    coalesce(unit.district_label, 'No district') as district_label,
    coalesce(unit.team_label, 'No team') as team_label,
    unit.org_unit_name as org_unit_label,
    waiting.exceptions,
    waiting.people,
    waiting.oldest_age_days
from marts.assurance_exception_summary as waiting
inner join marts.dim_org_unit as unit on waiting.org_unit_code = unit.org_unit_code
order by waiting.point_code, waiting.exception_code, waiting.org_unit_code, waiting.age_band
