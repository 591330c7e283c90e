-- The first table of every dashboard: the publication, the verdict of its checks, and for each point
-- the freshness of its sources and its caveat. Times are in Europe/London.
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
