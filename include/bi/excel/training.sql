-- The people who need each training item and those who have completed it, by team, as on the as-at day. People count
-- if they are in post and not absent long term. A person is in one row of an item.
select
    coalesce(fact.requirement_label, fact.requirement_code) as "Item",
    coalesce(unit.directorate_label, 'None') as "Directorate",
    coalesce(unit.district_label, 'None') as "District",
    coalesce(unit.team_label, unit.org_unit_name) as "Team",
    count(*) filter (where fact.is_complete) as "Completed",
    count(*) as "People",
    fact.publication_id as "Publication"
from marts.fct_training_requirement as fact
inner join marts.dim_org_unit as unit on fact.org_unit_code = unit.org_unit_code
where fact.is_in_post and not fact.is_long_term_absent
group by
    fact.requirement_label, fact.requirement_code, unit.directorate_label, unit.district_label, unit.team_label,
    unit.org_unit_name, fact.publication_id
order by fact.requirement_label, coalesce(unit.team_label, unit.org_unit_name)
