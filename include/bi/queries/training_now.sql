-- The people in post and not long-term absent who need each item of training, and who has completed
-- it, by team. Each person is in one row of an item.
select
    fact.point_code,
    fact.requirement_code,
    coalesce(unit.district_label, 'No district') as district_label,
    coalesce(unit.team_label, 'No team') as team_label,
    fact.org_unit_label,
    count(*) filter (where fact.is_complete) as complete,
    count(*) as people
from marts.fct_training_requirement as fact
inner join marts.dim_org_unit as unit on fact.org_unit_code = unit.org_unit_code
where fact.is_in_post and not fact.is_long_term_absent
group by
    fact.point_code,
    fact.requirement_code,
    unit.district_label,
    unit.team_label,
    fact.org_unit_label
order by fact.org_unit_label, fact.requirement_code, unit.district_label
