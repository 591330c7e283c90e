-- The publication, and how many forces are known, by assurance point.
select
    position.point_code, publication.publication_id,
    to_char(publication.as_at at time zone 'Europe/London', 'DD Mon YYYY HH24:MI') as as_at_in_london,
    to_char(publication.published_at at time zone 'Europe/London', 'DD Mon YYYY HH24:MI') as published_in_london,
    publication.gate_verdict, count(*) as forces,
    count(*) filter (where position.state = 'REPORTED') as known,
    string_agg(position.force_name, ', ' order by position.force_name)
    filter (where position.state <> 'REPORTED') as not_known
from marts.national_position as position
cross join (select * from marts.publication where is_current) as publication
group by
    position.point_code, publication.publication_id, publication.as_at, publication.published_at,
    publication.gate_verdict
order by position.point_code
