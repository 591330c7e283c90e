-- The views of the force, the data and the Commissioner over time. A view that has not ended is
-- shown until the as-at day of the publication.
select
    voice.point_code,
    voice.voice,
    voice.changed_on,
    voice.stood_until,
    voice.status,
    voice.is_assured,
    coalesce(
        voice.stood_until, cast(publication.as_at at time zone 'Europe/London' as date)
    ) as shown_until
from marts.assurance_voice as voice
inner join marts.publication as publication
    on voice.publication_id = publication.publication_id
order by voice.point_code, voice.voice, voice.changed_on
