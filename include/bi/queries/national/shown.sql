-- One line about the publication, and how many forces are known. Times are in Europe/London.
select
    'OFFICIAL-SENSITIVE · Publication ' || publication.publication_id
    || ', as at ' || state.london(publication.as_at)
    || ', published ' || state.london(publication.published_at)
    || ' · ' || count(*) filter (where force.state = 'REPORTED') || ' of ' || count(*) || ' forces are known'
    || coalesce(
        '. Not known: ' || string_agg(force.force_name, ', ' order by force.force_name)
        filter (where force.state <> 'REPORTED'), ''
    ) as words
from marts.national_force_state as force
cross join (select * from marts.publication where is_current) as publication
group by
    publication.publication_id, publication.as_at, publication.published_at
