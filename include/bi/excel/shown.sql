-- The publication, the verdict of its checks, and for each point its status, sources and caveat.
select
    position.point_label as "Point",
    position.status_label as "Status",
    position.source_status_label as "Sources",
    coalesce(position.caveat, 'none') as "Caveat",
    publication.publication_id as "Publication",
    publication.as_at at time zone 'Europe/London' as "As at",
    initcap(publication.gate_verdict) as "Checks"
from marts.assurance_position as position
inner join marts.publication as publication
    on position.publication_id = publication.publication_id
order by position.point_code
