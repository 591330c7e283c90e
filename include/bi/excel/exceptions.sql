-- The open exceptions by point, kind, team and age: numbers only. Each exception is counted once, for its own team.
select
    coalesce(point.title, waiting.point_code) as "Point",
    coalesce(word.exception_label, waiting.exception_code) as "Kind",
    coalesce(unit.directorate_label, 'None') as "Directorate",
    coalesce(unit.district_label, 'None') as "District",
    coalesce(unit.team_label, unit.org_unit_name) as "Team",
    waiting.age_band as "Age in days",
    waiting.exceptions as "Exceptions",
    waiting.people as "People",
    waiting.oldest_age_days as "Oldest, days",
    waiting.publication_id as "Publication"
from marts.assurance_exception_summary as waiting
left join (select distinct exception_code, exception_label from marts.assurance_exception) as word
    on waiting.exception_code = word.exception_code
left join marts.dim_point as point on waiting.point_code = point.point_code
left join marts.dim_org_unit as unit on waiting.org_unit_code = unit.org_unit_code
order by waiting.point_code, waiting.exception_code, waiting.org_unit_code, waiting.age_band
