-- One row per open exception, with the key of its record and without the officer. It is for readers of
-- records.
select
    fact.record_ref,
    fact.exception_code,
    fact.point_code,
    coalesce(unit.district_label, 'No district') as district_label,
    coalesce(unit.team_label, 'No team') as team_label,
    fact.date_day as opened_on,
    fact.age_days,
    fact.age_band
from marts.assurance_exception as fact
inner join marts.dim_org_unit as unit on fact.org_unit_code = unit.org_unit_code
order by
    fact.age_days desc,
    fact.record_ref,
    fact.exception_code,
    unit.district_label,
    unit.team_label
