-- Why a verdict changed is kept with the position: a later publication is compared with another one, and no longer says it.
alter table audit.published_position
add column status_since date,
add column verdict_cause text,
add column verdict_words text;

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
        -- A move to an earlier publication that had been shown before is a roll-back, over all that readers saw meanwhile.
        select
        from audit.publication_move as back
        inner join audit.publication_move as earlier
            on back.to_publication = earlier.to_publication and earlier.move_id < back.move_id
        inner join audit.publication_move as shown
            on shown.to_publication = kept.publication_id and shown.move_id < back.move_id
        where back.from_publication >= kept.publication_id and back.to_publication < kept.publication_id
    ) as was_withdrawn,
    spell.current_from,
    spell.current_to,
    kept.status_word,
    kept.verdict_cause,
    kept.verdict_words
from audit.published_position as kept
inner join marts.publication as publication using (publication_id)
inner join audit.publication_spell as spell using (publication_id);
comment on column marts.position_as_published.verdict_cause is
'What made the status another than in the publication before: POLICY_CHANGE or CORRECTED_RECORD. Blank if neither did.';
comment on column marts.position_as_published.verdict_words is
'How the target or the deadline was changed, and what corrections changed of the verdict. Blank if there was nothing of it.';
reset role;
