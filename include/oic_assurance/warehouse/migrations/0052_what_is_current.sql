-- What follows when a publication becomes current stands in the record and not in the publication: between which moments
-- readers saw it, which closures it reopens, and that a publication for an earlier moment was only kept.
-- docs/decisions/0056-one-event-makes-current.md says why.

set local role oic_publish;
alter table marts.publication
add column kept_because text check (btrim(kept_because) <> '');
comment on column marts.publication.kept_because is
'Why the publication did not become current when it was made, although nothing held it: it is for an earlier moment. Blank for all others.';
reset role;

alter table audit.run add column makes_current boolean not null default false;
comment on column audit.run.makes_current is
'Whether somebody said that the publication becomes current even if it is for an earlier moment than the current one.';
grant insert (makes_current), update (makes_current) on audit.run to oic_transform;

-- A publication can be current several times. Each time is a row, with its beginning and its end. A move to the
-- publication that is current already, which ends a hold, begins nothing new.
create view audit.publication_spell as
select
    publication_id,
    moved_at as current_from,
    lead(moved_at) over (order by move_id) as current_to
from (
    select
        move_id, to_publication as publication_id, moved_at,
        lag(to_publication) over (order by move_id) as before
    from audit.publication_move
) as move
where publication_id is distinct from before;
comment on view audit.publication_spell is
'One row per time that a publication was current: from when and until when readers saw it. The end is blank if they see it now.';
grant select on audit.publication_spell to oic_transform, oic_gate, oic_publish, oic_erasure;

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
    spell.current_to
from audit.published_position as kept
inner join marts.publication as publication using (publication_id)
inner join audit.publication_spell as spell using (publication_id);
comment on view marts.position_as_published is
'One row per assurance point and spell in which a publication was current: the position as readers saw it between two moments. It shows every such publication, not only the current one.';
comment on column marts.position_as_published.shown_from is
'When readers first saw the publication. It is later than published_at if the publication waited behind a roll-back.';
comment on column marts.position_as_published.is_current is 'Whether readers see this row''s publication now, in this spell.';
comment on column marts.position_as_published.current_from is 'From when readers saw it.';
comment on column marts.position_as_published.current_to is 'Until when readers saw it. Blank if they see it now.';
reset role;

-- The mart of sign-offs was a table of each publication. So after a roll-back or a release it said something else than
-- the record of sign-offs. Now it is a view of the record. Tables of earlier publications held copies of the record.
drop view if exists limited.sign_off;
drop function if exists limited.read_sign_off();
drop table if exists marts.sign_off;
do $parts$
declare
    part text;
begin
    for part in
        select c.relname
        from pg_catalog.pg_class as c
        where c.relnamespace = 'generation'::regnamespace and c.relkind = 'r' and c.relname ~ '^sign_off__[0-9]+$'
    loop
        execute format('drop table generation.%I', part);
    end loop;
end
$parts$;

set local role oic_publish;
create view marts.sign_off with (security_barrier = true) as
select
    step.force_code,
    step.recommendation_code,
    step.point_code,
    step.round,
    step.step,
    -- The pipeline reopens a closure because of what a publication shows, so the reopening is as at its moment.
    case when step.cause in ('SLIPPED', 'RESTATED') then step.as_at else step.entered_at end as at,
    step.by_role,
    step.cause,
    case when step.point_code is null then 'EVIDENCE_ALONE' else 'FIGURE_AND_EVIDENCE' end as rests_on,
    step.made_on as made_on_publication,
    step.as_at as made_on_as_at,
    made_on.withdrawn_at is not null as made_on_was_withdrawn,
    step.status as status_then,
    step.numerator as numerator_then,
    step.denominator as denominator_then,
    step.value as value_then,
    step.ci_low as ci_low_then,
    step.ci_high as ci_high_then,
    step.evidence_sha256,
    checked.outcome as evidence_state,
    checked.checked_at as evidence_checked_at,
    -- A reopening is in force until another step is made, and any other step until its subject is reopened.
    case
        when step.step = 'REOPENED' then step.entry_id = max(step.entry_id) over subject
        else step.entry_id > coalesce(max(step.entry_id) filter (where step.step = 'REOPENED') over subject, 0)
    end as is_in_force,
    current.publication_id
from signoff.step as step
inner join marts.publication as current on current.is_current
left join marts.publication as made_on on step.made_on = made_on.publication_id
left join lateral (
    select one.outcome, one.checked_at
    from signoff.checked_evidence as one
    where one.entry_id = step.entry_id
    order by one.check_id desc
    limit 1
) as checked on true
window subject as (partition by step.force_code, step.recommendation_code);
comment on view marts.sign_off is
'One row per step of a closure, and per reopening, as the record of sign-offs has it now.';
grant select on marts.sign_off to bi_reader, oic_gate;
reset role;

create function signoff.reopen_found(
    of_force text, code text, of_round integer, why text, words text, claim text
) returns bigint
language plpgsql security definer
set search_path = ''
as $function$
begin
    -- What the publication found is about one closure. A later closure was signed on other figures.
    if not exists (
        select
        from signoff.in_force(of_force, code) as made
        inner join signoff.rule on made.step = signoff.rule.step
        where made.round = of_round and signoff.rule.is_signature and made.point_code is not null
    ) then
        return null;
    end if;
    if why not in ('SLIPPED', 'RESTATED') then
        raise check_violation using message = pg_catalog.format('A publication does not reopen a closure because of %s.', why);
    end if;
    return signoff.reopen(of_force, code, why, words, claim => claim);
end
$function$;
comment on function signoff.reopen_found(text, text, integer, text, text, text) is
'Reopens a closure because of what the publication shows that becomes current. Returns the number of the entry, or null if that closure is not in force.';
grant execute on function signoff.reopen_found(text, text, integer, text, text, text) to oic_publish;
