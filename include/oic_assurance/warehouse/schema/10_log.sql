-- The log of processing (DPA 2018 section 62). It belongs to a role that nobody logs in as. Only functions make entries. The
-- functions add what the server knows of the session, and chain each entry to the one before
-- (docs/decisions/0023-processing-log.md).

-- Tables

create table audit.processing_log (
    log_id bigint generated always as identity primary key,
    logged_at timestamptz not null default clock_timestamp(),
    action text not null check (action in (
        'collection', 'alteration', 'consultation', 'disclosure', 'combination', 'erasure'
    )),
    who text not null,
    what text not null,
    to_whom text,
    run_id text,
    because text,
    entered_by text,
    acting_as text,
    claimed_by text,
    client_addr text,
    client_port integer,
    backend_pid integer,
    xid xid8,
    happened_at timestamptz,
    origin text not null default 'before the chain' check (origin in ('program', 'server log', 'before the chain')),
    concerns text [] not null default '{}',
    entry_hash bytea not null,
    chain_no bigint unique,
    sealed_at timestamptz,
    snapshot text,
    server text,
    chain_hash bytea,
    check ((chain_no is null) = (chain_hash is null))
);
comment on table audit.processing_log is
'The log that DPA 2018 section 62 asks for: each act of processing, when, by whom and for whom.';
comment on column audit.processing_log.logged_at is 'When the entry was made, by the server''s clock.';
comment on column audit.processing_log.who is
'The login that processed, as the server saw it. Never the content of a variable.';
comment on column audit.processing_log.because is 'Why, in the words of the person.';
comment on column audit.processing_log.entered_by is
'The login of the session that made the entry. It differs from `who` if the entry is from the server''s own log.';
comment on column audit.processing_log.acting_as is 'The role that the session had assumed.';
comment on column audit.processing_log.claimed_by is
'The account and the machine that the program ran under, by its own claim.';
comment on column audit.processing_log.client_addr is 'The address that the session came from.';
comment on column audit.processing_log.xid is 'The transaction that made the entry.';
comment on column audit.processing_log.happened_at is 'When it happened, if the entry is from the server''s own log.';
comment on column audit.processing_log.origin is
'Whether a program made the entry, or the server''s own log showed it.';
comment on column audit.processing_log.concerns is
'What the entry is about: batches, builds, publications, marts, and records and officers by keyed hash.';
comment on column audit.processing_log.entry_hash is 'SHA-256 of the entry.';
comment on column audit.processing_log.chain_no is 'The entry''s place in the chain. Empty until it is sealed.';
comment on column audit.processing_log.snapshot is
'Which transactions had ended when the entry was sealed. Their entries were sealed with it or before.';
comment on column audit.processing_log.server is 'The identifier of the server on which it was sealed.';
comment on column audit.processing_log.chain_hash is
'SHA-256 of the chain_hash before, entry_hash, and the four columns that sealing fills.';

create table audit.access_change (
    change_id bigint generated always as identity primary key,
    login text not null,
    audience text not null check (audience in (
        'SUPERVISOR', 'OFFICE', 'ASSURANCE_LEAD', 'FORCE_LEAD', 'FORCE_OWNER', 'COMMISSIONER', 'INSPECTORATE',
        'APPROVER', 'REVIEWER'
    )),
    org_unit_code text,
    is_granted boolean not null,
    because text not null check (btrim(because) <> ''),
    changed_by text not null,
    changed_at timestamptz not null default clock_timestamp(),
    check ((audience = 'SUPERVISOR') = (org_unit_code is not null))
);
comment on table audit.access_change is
'Which login was given, or no longer has, which records to read, by whom and why. Nothing is taken off it.';
comment on column audit.access_change.audience is
'SUPERVISOR: the records of one unit. OFFICE: aggregates alone. Otherwise a right of a person: a role of sign-off, APPROVER or REVIEWER.';

create table audit.processing_head (
    is_only boolean default true primary key check (is_only),
    log_name uuid not null default gen_random_uuid(),
    chain_no bigint not null default 0,
    chain_hash bytea not null default decode(repeat('00', 32), 'hex'),
    sealed_at timestamptz not null default clock_timestamp()
);
comment on table audit.processing_head is
'The last link of the chain of `audit.processing_log`. Its one row is locked while entries are sealed.';
comment on column audit.processing_head.log_name is 'A name by which a log that was made anew is recognised.';
insert into audit.processing_head default values;

create table audit.collected_server_log (
    file_name text primary key,
    bytes bigint not null,
    collected_at timestamptz not null default clock_timestamp()
);
comment on table audit.collected_server_log is
'How far each file of the server''s own log was read. What readers consulted is entered from there.';

-- Indexes

create index processing_log_concerns on audit.processing_log using gin (concerns);
create index processing_log_unsealed on audit.processing_log (log_id) where chain_no is null;

-- Functions

create function audit.netstring(value text) returns text
language sql immutable parallel safe
return case when value is null then '-' else octet_length(value)::text || ':' || value end;
comment on function audit.netstring(text) is
'A text with its length in bytes before it, so that texts can be strung together without doubt.';

create function audit.microseconds(moment timestamptz) returns text
language sql immutable parallel safe
return (extract(epoch from moment) * 1000000)::bigint::text;
comment on function audit.microseconds(timestamptz) is 'The microseconds since 1970, in UTC.';

create function audit.hash_entry(entry audit.processing_log) returns bytea
language sql stable parallel safe
return sha256(convert_to(
    audit.netstring((entry).log_id::text)
    || audit.netstring(audit.microseconds((entry).logged_at))
    || audit.netstring((entry).action)
    || audit.netstring((entry).who)
    || audit.netstring((entry).what)
    || audit.netstring((entry).to_whom)
    || audit.netstring((entry).run_id)
    || audit.netstring((entry).because)
    || audit.netstring((entry).entered_by)
    || audit.netstring((entry).acting_as)
    || audit.netstring((entry).claimed_by)
    || audit.netstring((entry).client_addr)
    || audit.netstring((entry).client_port::text)
    || audit.netstring((entry).backend_pid::text)
    || audit.netstring((entry).xid::text)
    || audit.netstring(audit.microseconds((entry).happened_at))
    || audit.netstring((entry).origin)
    || audit.netstring((
        select coalesce(string_agg(audit.netstring(one.concern), '' order by one.place), '')
        from unnest((entry).concerns) with ordinality as one (concern, place)
    )), 'UTF8'
));
comment on function audit.hash_entry(audit.processing_log) is
'SHA-256 of an entry: of its columns up to `concerns`, each with its length.';

create function audit.add_processing(entry audit.processing_log) returns bigint
language plpgsql
set search_path = ''
as $function$
begin
    if coalesce(btrim(entry.what), '') = '' then
        raise exception 'an entry of the log of processing says what was processed'
        using errcode = 'check_violation';
    end if;
    entry.xid := pg_catalog.pg_current_xact_id();
    entry.logged_at := pg_catalog.clock_timestamp();
    entry.log_id := pg_catalog.nextval('audit.processing_log_log_id_seq');
    entry.entered_by := session_user;
    entry.acting_as := nullif(pg_catalog.current_setting('role'), 'none');
    entry.client_addr := coalesce(entry.client_addr, pg_catalog.host(pg_catalog.inet_client_addr()));
    entry.client_port := coalesce(entry.client_port, pg_catalog.inet_client_port());
    entry.backend_pid := coalesce(entry.backend_pid, pg_catalog.pg_backend_pid());
    entry.concerns := coalesce(entry.concerns, '{}');
    entry.chain_no := null;
    entry.entry_hash := audit.hash_entry(entry);
    insert into audit.processing_log overriding system value select (entry).*;
    return entry.log_id;
end
$function$;
comment on function audit.add_processing(audit.processing_log) is
'Adds an entry, with what the server knows of the session. Only the functions of the log call it.';

create function audit.enter_processing(
    action text,
    what text,
    to_whom text default null,
    because text default null,
    run_id text default null,
    concerns text [] default null,
    claimed_by text default null
) returns bigint
language plpgsql security definer
set search_path = ''
set client_min_messages = error
as $function$
declare
    entry audit.processing_log;
begin
    -- An entry is kept for ever, so it has a size.
    if pg_catalog.length(because) > 500 then
        raise exception 'a reason has at most 500 characters, and this one has %', pg_catalog.length(because)
        using errcode = 'check_violation';
    end if;
    if pg_catalog.pg_has_role(session_user, 'assurance_person', 'USAGE')
        and pg_catalog.octet_length(concerns::text) > 100000 then
        raise exception 'an entry of the log of processing names at most 100,000 bytes of what it is about'
        using errcode = 'check_violation';
    end if;
    entry.action := action;
    entry.who := session_user;
    entry.what := pg_catalog.left(what, 4000);
    entry.to_whom := pg_catalog.left(to_whom, 1000);
    entry.because := because;
    entry.run_id := pg_catalog.left(run_id, 200);
    entry.concerns := concerns;
    entry.claimed_by := pg_catalog.left(claimed_by, 200);
    entry.origin := 'program';
    return audit.add_processing(entry);
end
$function$;
comment on function audit.enter_processing(text, text, text, text, text, text [], text) is
'Adds an entry to the log of processing, in the transaction of the caller. The server says who and when.';

create function audit.enter_consultation_of_server_log(
    who text,
    happened_at timestamptz,
    what text,
    concerns text [],
    client_addr text,
    client_port integer,
    backend_pid integer
) returns bigint
language plpgsql security definer
set search_path = ''
set client_min_messages = error
as $function$
declare
    entry audit.processing_log;
begin
    entry.action := 'consultation';
    entry.who := who;
    entry.happened_at := happened_at;
    entry.what := what;
    entry.concerns := concerns;
    entry.client_addr := coalesce(client_addr, '');
    entry.client_port := coalesce(client_port, 0);
    entry.backend_pid := coalesce(backend_pid, 0);
    entry.origin := 'server log';
    return audit.add_processing(entry);
end
$function$;
comment on function audit.enter_consultation_of_server_log(text, timestamptz, text, text [], text, integer, integer) is
'Adds what the server''s own log says that a reader did.';

-- An entry that a transaction has made is chained after its commit. Otherwise a transaction that stays
-- open would hold the head of the chain, and every other one would wait for it.
create function audit.seal_processing(OUT sealed bigint, OUT head_no bigint, OUT head_hash bytea) returns record
language plpgsql security definer
set search_path = ''
set client_min_messages = error
as $function$
declare
    entry record;
    now_at timestamptz;
    now_seen text;
    this_server text := (select system_identifier::text from pg_catalog.pg_control_system());
begin
    if pg_catalog.current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'entries are sealed in a transaction that is read committed';
    end if;
    select h.chain_no, h.chain_hash into strict head_no, head_hash
    from audit.processing_head as h
    for update;
    now_at := pg_catalog.clock_timestamp();
    now_seen := pg_catalog.pg_current_snapshot()::text;
    sealed := 0;
    for entry in
        select l.log_id, l.entry_hash
        from audit.processing_log as l
        where l.chain_no is null
        order by l.log_id
    loop
        sealed := sealed + 1;
        head_no := head_no + 1;
        head_hash := pg_catalog.sha256(
            head_hash || entry.entry_hash || pg_catalog.convert_to(
                audit.netstring(head_no::text)
                || audit.netstring(audit.microseconds(now_at))
                || audit.netstring(now_seen)
                || audit.netstring(this_server), 'UTF8'
            )
        );
        update audit.processing_log as l
        set
            chain_no = head_no, sealed_at = now_at, snapshot = now_seen, server = this_server,
            chain_hash = head_hash
        where l.log_id = entry.log_id;
    end loop;
    if sealed > 0 then
        update audit.processing_head as h
        set chain_no = head_no, chain_hash = head_hash, sealed_at = now_at;
    end if;
end
$function$;
comment on function audit.seal_processing() is
'Chains the entries of ended transactions that are not in the chain yet. Returns how many, and the head.';

create function audit.check_right(wanted text) returns void
language plpgsql stable security definer
set search_path = ''
set client_min_messages = error
as $function$
begin
    if pg_catalog.pg_has_role(session_user, 'person_' || pg_catalog.lower(wanted), 'USAGE') is not true then
        raise insufficient_privilege using message = pg_catalog.format(
            '%L lacks the right %s: `assurance access give %s --right %s` gives it', session_user, wanted, session_user, wanted
        );
    end if;
end
$function$;
comment on function audit.check_right(text) is 'Raises an error if the login of the session lacks a right of a person.';

-- Grants

grant select on
    audit.processing_log, audit.access_change, audit.processing_head, audit.collected_server_log
to oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure, oic_audit, oic_rekey, assurance_looker;
grant insert, update, delete on audit.collected_server_log to oic_audit;
grant execute on function
    audit.enter_processing
to
    oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure, oic_audit, oic_rekey, oic_signoff, oic_review,
    oic_identity, general_processing, law_enforcement_processing, assurance_person;
grant execute on function audit.enter_consultation_of_server_log to oic_audit;
grant execute on function
    audit.seal_processing
to
    oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure, oic_audit, oic_rekey, oic_signoff, oic_review,
    assurance_person;
grant execute on function audit.check_right to assurance_person;
grant select, usage on sequence audit.processing_log_log_id_seq, audit.access_change_change_id_seq to oic_rekey;
