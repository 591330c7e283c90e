-- The publication, and how many forces are known.
select
    publication.publication_id,
    to_char(publication.as_at at time zone 'Europe/London', 'DD Mon YYYY HH24:MI') as as_at_in_london,
    to_char(publication.published_at at time zone 'Europe/London', 'DD Mon YYYY HH24:MI') as published_in_london,
    publication.gate_verdict, count(*) as forces,
    count(*) filter (where force.state = 'REPORTED') as known,
    string_agg(force.force_name, ', ' order by force.force_name)
    filter (where force.state <> 'REPORTED') as not_known
from marts.national_force_state as force
cross join (select * from marts.publication where is_current) as publication
group by
    publication.publication_id, publication.as_at, publication.published_at, publication.gate_verdict
