-- The word that readers were told for a status is kept with the position: the same code can be called Slipping or
-- No clear change, and what has changed for readers is the word.
alter table audit.published_position add column status_word text;

set local role oic_publish;
create or replace view marts.position_as_published with (security_barrier = true) as
select
    kept.publication_id,
    kept.force_code,
    kept.point_code,
    publication.published_at,
    min(spell.current_from) over (partition by kept.publication_id) as shown_from,
    kept.as_at,
    kept.status,
    kept.source_status,
    kept.numerator,
    kept.denominator,
    kept.value,
    kept.ci_low,
    kept.ci_high,
    kept.deadline,
    kept.target,
    kept.target_unit,
    kept.policy_confirmed,
    kept.second_reading,
    kept.second_numerator,
    kept.second_denominator,
    kept.second_value,
    kept.caveat,
    publication.is_current and spell.current_to is null as is_current,
    publication.withdrawn_at is not null or exists (
        -- A move to an earlier publication that had been shown before is a roll-back.
        select
        from audit.publication_move as back
        inner join audit.publication_move as earlier
            on back.to_publication = earlier.to_publication and earlier.move_id < back.move_id
        where back.from_publication = kept.publication_id and back.to_publication < kept.publication_id
    ) as was_withdrawn,
    spell.current_from,
    spell.current_to,
    kept.status_word
from audit.published_position as kept
inner join marts.publication as publication using (publication_id)
inner join audit.publication_spell as spell using (publication_id);
comment on column marts.position_as_published.status_word is
'The word that readers were told for the status. Blank for publications from before words were kept.';
reset role;
