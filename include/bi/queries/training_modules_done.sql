-- How many people of each team have completed no module, one module, two modules, and so on. People
-- count if they are in post and not long-term absent.
select
    coalesce(unit.district_label, 'No district') as district_label,
    coalesce(unit.team_label, 'No team') as team_label,
    person.modules_complete,
    count(*) as people
from (
    select
        officer_key,
        org_unit_code,
        count(*) filter (where is_complete) as modules_complete
    from marts.fct_training_requirement
    where is_in_post and not is_long_term_absent and point_code = 'ELEARNING'
    group by officer_key, org_unit_code
) as person
inner join marts.dim_org_unit as unit on person.org_unit_code = unit.org_unit_code
group by unit.district_label, unit.team_label, person.modules_complete
order by unit.district_label, unit.team_label, person.modules_complete
