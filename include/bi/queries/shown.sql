-- What every dashboard begins with: the publication, what the checks said, and of each point whether
-- its sources are fresh and what a reader has to bear in mind. Times are London's.
select
    position.point_code,
    position.publication_id,
    to_char(
        publication.as_at at time zone 'Europe/London', 'DD Mon YYYY, HH24:MI'
    ) as as_at_in_london,
    to_char(
        publication.published_at at time zone 'Europe/London', 'DD Mon YYYY, HH24:MI'
    ) as published_in_london,
    publication.gate_verdict,
    position.status,
    position.source_status,
    coalesce(position.caveat, 'none') as caveat
from marts.assurance_position as position
inner join marts.publication as publication
    on position.force_code = publication.force_code
    and position.publication_id = publication.publication_id
order by position.point_code
