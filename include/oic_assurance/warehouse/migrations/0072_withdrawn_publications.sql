-- A roll-back withdraws every publication that is later than its target and that readers saw. Until now, it withdrew only
-- the publication that was current. Roll-backs of the past are completed here, each with its own reason.

set local role oic_publish;
update marts.publication as late
set withdrawn_at = back.moved_at, withdrawn_because = back.reason
from marts.publication as publication
cross join lateral (
    select max(shown.move_id) as move_id
    from audit.publication_move as shown
    where shown.to_publication = publication.publication_id
) as last_shown
cross join lateral (
    select move.moved_at, move.reason
    from audit.publication_move as move
    where move.from_publication >= publication.publication_id and move.to_publication < publication.publication_id
        and move.move_id > last_shown.move_id
        -- A move to an earlier publication that had been shown before is a roll-back.
        and exists (
            select
            from audit.publication_move as earlier
            where earlier.to_publication = move.to_publication and earlier.move_id < move.move_id
        )
    order by move.move_id
    limit 1
) as back
where late.publication_id = publication.publication_id and not late.is_current and late.withdrawn_at is null;

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
    kept.status_word
from audit.published_position as kept
inner join marts.publication as publication using (publication_id)
inner join audit.publication_spell as spell using (publication_id);
reset role;
