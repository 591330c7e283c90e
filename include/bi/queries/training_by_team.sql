-- The number of people who have completed each item of training, by team. People count if they are
-- in post and not long-term absent.
select
    requirement.org_unit_code,
    unit.org_unit_name,
    requirement.requirement_code,
    count(*) filter (where requirement.is_complete) as complete,
    count(*) as people
from marts.fct_training_requirement as requirement
left join marts.dim_org_unit as unit
    on requirement.force_code = unit.force_code
    and requirement.org_unit_code = unit.org_unit_code
where requirement.is_in_post and not requirement.is_long_term_absent
group by requirement.org_unit_code, unit.org_unit_name, requirement.requirement_code
order by requirement.org_unit_code, requirement.requirement_code
