-- Each force, with the publication that the figures use, or why they are unknown. In the order of names.
select
    force_name, reporting_force_code, comparison_group, group_name, state, why_unknown, caveat,
    force_publication_id, force_as_at, force_published_at, force_verdict, newest_delivery_at
from marts.national_force_state
order by force_name
