-- What readers were shown as the position, for every publication that was ever current. The tables of a publication are
-- dropped after some time, so its position is kept. `audit.published_position` has kept the figures since migration 0030.
-- It gets what the second version of the mart contract adds, and readers get a view.

alter table audit.published_position
add column deadline date,
add column target double precision,
add column target_unit text,
add column policy_confirmed boolean,
add column second_reading text,
add column second_numerator bigint,
add column second_denominator bigint,
add column second_value double precision,
add column caveat text;
comment on table audit.published_position is
'The position that each publication showed on each point. It is recorded when the publication is made, and again looked '
'for each time that it becomes current. Rows are added and never changed.';

-- Fill in what is still known: the positions of generations that are kept but were detached when migration 0030 ran, and
-- the columns that earlier publications had already.
do $block$
declare
    part record;
begin
    for part in
        select p.publication_id, c.oid::regclass as place
        from marts.publication as p
        inner join pg_catalog.pg_class as c on c.relname = 'assurance_position__' || p.publication_id
        inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid and n.nspname = 'generation'
    loop
        execute format(
            $insert$
            insert into audit.published_position (
                publication_id, force_code, point_code, as_at, status, source_status, numerator, denominator, value,
                ci_low, ci_high
            )
            select publication_id, force_code, point_code, as_at, status, source_status, numerator, denominator, value,
                ci_low, ci_high
            from %s
            on conflict do nothing
            $insert$,
            part.place
        );
        execute format(
            $update$
            update audit.published_position as kept
            set deadline = (to_jsonb(shown) ->> 'deadline')::date, caveat = to_jsonb(shown) ->> 'caveat'
            from %s as shown
            where (kept.publication_id, kept.force_code, kept.point_code)
                = (shown.publication_id, shown.force_code, shown.point_code)
            $update$,
            part.place
        );
    end loop;
end
$block$;

-- Like the table of publications, the view shows every publication that readers were ever shown, and not only the
-- current one. A publication that waits behind a roll-back is not in it.
set local role oic_publish;
create view marts.position_as_published with (security_barrier = true) as
select
    kept.publication_id,
    kept.force_code,
    kept.point_code,
    publication.published_at,
    shown.shown_from,
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
    publication.is_current,
    publication.withdrawn_at is not null or exists (
        -- A move to an earlier publication that had been shown before is a roll-back.
        select
        from audit.publication_move as back
        inner join audit.publication_move as earlier
            on back.to_publication = earlier.to_publication and earlier.move_id < back.move_id
        where back.from_publication = kept.publication_id and back.to_publication < kept.publication_id
    ) as was_withdrawn
from audit.published_position as kept
inner join marts.publication as publication using (publication_id)
inner join (
    select to_publication, min(moved_at) as shown_from
    from audit.publication_move
    group by to_publication
) as shown on kept.publication_id = shown.to_publication;
comment on view marts.position_as_published is
'One row per publication that was ever current and assurance point: the position as readers saw it then. It shows every '
'such publication, not only the current one.';
comment on column marts.position_as_published.publication_id is 'The publication that showed this position.';
comment on column marts.position_as_published.force_code is
'The police force, as its area code of the Office for National Statistics (ONS).';
comment on column marts.position_as_published.point_code is 'Code of the assurance point.';
comment on column marts.position_as_published.published_at is 'When the publication was made.';
comment on column marts.position_as_published.shown_from is
'When readers first saw it. It is later than published_at if the publication waited behind a roll-back.';
comment on column marts.position_as_published.as_at is 'The moment that the figures are computed for.';
comment on column marts.position_as_published.status is 'The status as it was shown.';
comment on column marts.position_as_published.source_status is 'Whether the sources were fresh: fresh, stale or failed.';
comment on column marts.position_as_published.numerator is 'The numerator as it was shown.';
comment on column marts.position_as_published.denominator is 'The denominator as it was shown.';
comment on column marts.position_as_published.value is 'The figure as it was shown, a share from 0 to 1.';
comment on column marts.position_as_published.ci_low is 'Lower end of the 95% interval as it was shown.';
comment on column marts.position_as_published.ci_high is 'Upper end of the 95% interval as it was shown.';
comment on column marts.position_as_published.deadline is
'The deadline as it was shown. Blank for a point without one, and where it is no longer known.';
comment on column marts.position_as_published.target is
'The target as it was shown. Blank for publications from before targets were shown.';
comment on column marts.position_as_published.target_unit is 'Unit of the target: share, or strands.';
comment on column marts.position_as_published.policy_confirmed is
'Whether the policy under the figure was confirmed then. Blank for publications from before this was shown.';
comment on column marts.position_as_published.second_reading is 'Code of the measure of the second reading.';
comment on column marts.position_as_published.second_numerator is 'Numerator of the second reading as it was shown.';
comment on column marts.position_as_published.second_denominator is 'Denominator of the second reading as it was shown.';
comment on column marts.position_as_published.second_value is 'The second reading as it was shown, a share from 0 to 1.';
comment on column marts.position_as_published.caveat is
'What the readers were told to know before they use the figure. Blank if nothing, or if it is no longer known.';
comment on column marts.position_as_published.is_current is 'Whether readers see this publication now.';
comment on column marts.position_as_published.was_withdrawn is
'Whether the publication was ever taken back by a roll-back. It stays true if the publication is shown again.';
grant select on marts.position_as_published to bi_reader, oic_transform, oic_gate;
reset role;
