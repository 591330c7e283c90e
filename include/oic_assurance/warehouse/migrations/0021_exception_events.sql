-- When each exception came on the list and went off it, as publications told it: what only looking shows.

create table audit.exception_event (
    publication_id bigint not null,
    force_code text not null,
    exception_key text not null,
    as_at timestamptz not null,
    is_open boolean not null,
    exception_code text not null,
    point_code text not null,
    record_ref text not null,
    org_unit_code text not null,
    officer_key text,
    opened_at timestamptz not null,
    closed_at timestamptz,
    closed_because text,
    entered_at timestamptz not null default clock_timestamp(),
    primary key (publication_id, force_code, exception_key),
    check (is_open = (closed_at is null) and is_open = (closed_because is null))
);
comment on table audit.exception_event is
'Each time that an exception came on the list or went off it, and by which publication readers were told.';
comment on column audit.exception_event.as_at is 'The moment in the world that the publication was for.';
comment on column audit.exception_event.record_ref is
'The record to look at. When the record is erased, its events are.';
comment on column audit.exception_event.opened_at is 'Since when somebody should act; once it came back, since then.';
comment on column audit.exception_event.entered_at is
'A build knows what was entered before it began.';
create index exception_event_key on audit.exception_event (force_code, exception_key, as_at, publication_id);

grant insert on audit.exception_event to oic_publish;
grant select on audit.exception_event to oic_landing, oic_transform, oic_gate, oic_publish;
grant select, delete, update (officer_key) on audit.exception_event to oic_erasure;

create view audit.publication_withdrawal as
select
    m.from_publication as publication_id,
    m.moved_at as withdrawn_from,
    (
        select min(again.moved_at)
        from audit.publication_move as again
        where again.to_publication = m.from_publication and again.move_id > m.move_id
    ) as withdrawn_until
from audit.publication_move as m
where m.to_publication < m.from_publication;
comment on view audit.publication_withdrawal is
'From when until when a publication was taken back: of what it told nothing counts meanwhile.';
grant select on audit.publication_withdrawal
to oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure;
