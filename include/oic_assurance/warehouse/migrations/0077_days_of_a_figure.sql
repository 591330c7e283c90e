-- The days that a figure is about, and why a status is unknown, are kept with the position that readers were shown.
alter table audit.published_position
add column figure_from date,
add column figure_to date,
add column figure_period text,
add column unknown_because text;
-- A step of a closure is shown with the days of the figure on which it was made.
grant select (publication_id, force_code, point_code, figure_period) on audit.published_position to oic_signoff, assurance_person;

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
    kept.verdict_words,
    kept.figure_from,
    kept.figure_to,
    kept.figure_period,
    kept.unknown_because
from audit.published_position as kept
inner join marts.publication as publication using (publication_id)
inner join audit.publication_spell as spell using (publication_id);
comment on column marts.position_as_published.figure_from is
'First day that the figure is about, as it was shown. Blank for publications from before days were kept.';
comment on column marts.position_as_published.figure_to is
'Last day that the figure is about, as it was shown. Blank for publications from before days were kept.';
comment on column marts.position_as_published.figure_period is
'The days that the figure is about, in words. Blank for publications from before days were kept.';
comment on column marts.position_as_published.unknown_because is
'Why the status was unknown: SOURCE_STALE, SOURCE_FAILED or DELIVERY_SET_ASIDE. Blank for every other status, and for '
'publications from before causes were kept.';
reset role;

-- Without a case, nobody can sign that the requirement is met.
do $block$
declare
    statuses constant text := '''unknown'', ''not_started''';
    found text;
begin
    select pg_get_functiondef(oid) into strict found
    from pg_catalog.pg_proc
    where pronamespace = 'signoff'::regnamespace and proname = 'enter_step';
    if position(statuses in found) = 0 then
        raise exception 'signoff.enter_step names no status that cannot be signed';
    end if;
    execute replace(found, statuses, '''no_cases'', ' || statuses);
end
$block$;
