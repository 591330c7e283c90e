-- How many people have completed no module, one module, two modules, and so on. People count if they are
-- in post and not long-term absent.
select modules_complete, count(*) as people
from (
    select officer_key, count(*) filter (where is_complete) as modules_complete
    from marts.fct_training_requirement
    where is_in_post and not is_long_term_absent and requirement_code like 'OIC-EL-%'
    group by force_code, officer_key
) as person
group by modules_complete
order by modules_complete
