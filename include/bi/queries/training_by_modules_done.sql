-- How many people have completed no module, one module, two modules, and so on. People count if they are
-- in post and not long-term absent. A point with one item only has no rows.
with
    person as (
        select
            point_code,
            officer_key,
            count(*) filter (where is_complete) as modules_complete,
            count(*) as modules
        from marts.fct_training_requirement
        where is_in_post and not is_long_term_absent
        group by force_code, point_code, officer_key
    ),

    package as (
        select point_code, max(modules) as modules
        from person
        group by point_code
    )

select person.point_code, person.modules_complete, package.modules, count(*) as people
from person
inner join package on person.point_code = package.point_code and package.modules > 1
group by person.point_code, person.modules_complete, package.modules
order by person.point_code, person.modules_complete
