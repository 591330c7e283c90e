-- The log of processing (DPA 2018 section 62) belongs to a role that nobody logs in as. Only functions
-- make entries. The functions add what the server knows of the session, and chain each entry to the
-- one before. docs/decisions/0023-processing-log.md says why.

do $database$
begin
    execute format('grant connect, temporary on database %I to oic_audit', current_database());
end
$database$;

-- Nobody writes to the table itself.
revoke insert on audit.processing_log
from oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure,
general_processing, law_enforcement_processing;
revoke all on sequence audit.processing_log_log_id_seq
from oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure,
general_processing, law_enforcement_processing;

alter table audit.processing_log
alter column who drop default,
alter column log_id set generated always,
add column because text,
add column entered_by text,
add column acting_as text,
add column claimed_by text,
add column client_addr text,
add column client_port integer,
add column backend_pid integer,
add column xid xid8,
add column happened_at timestamptz,
add column origin text not null default 'before the chain'
check (origin in ('program', 'server log', 'before the chain')),
add column concerns text [] not null default '{}',
add column entry_hash bytea,
add column chain_no bigint unique,
add column sealed_at timestamptz,
add column snapshot text,
add column server text,
add column chain_hash bytea,
add check ((chain_no is null) = (chain_hash is null));

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
comment on column audit.processing_log.happened_at is
'When it happened, if the entry is from the server''s own log.';
comment on column audit.processing_log.origin is 'Whether a program made the entry, or the server''s own log showed it.';
comment on column audit.processing_log.concerns is
'What the entry is about: batches, builds, publications, marts, and records and officers by keyed hash.';
comment on column audit.processing_log.entry_hash is 'SHA-256 of the entry.';
comment on column audit.processing_log.chain_no is 'The entry''s place in the chain. Empty until it is sealed.';
comment on column audit.processing_log.snapshot is
'Which transactions had ended when the entry was sealed. Their entries were sealed with it or before.';
comment on column audit.processing_log.server is 'The identifier of the server on which it was sealed.';
comment on column audit.processing_log.chain_hash is
'SHA-256 of the chain_hash before, entry_hash, and the four columns that sealing fills.';
create index processing_log_unsealed on audit.processing_log (log_id) where chain_no is null;
create index processing_log_concerns on audit.processing_log using gin (concerns);

create table audit.processing_head (
    is_only boolean primary key default true check (is_only),
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

update audit.processing_log as l set entry_hash = audit.hash_entry(l);
alter table audit.processing_log alter column entry_hash set not null;

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
language plpgsql
security definer
set search_path = ''
as $function$
declare
    entry audit.processing_log;
begin
    entry.action := action;
    entry.who := session_user;
    entry.what := what;
    entry.to_whom := to_whom;
    entry.because := because;
    entry.run_id := run_id;
    entry.concerns := concerns;
    entry.claimed_by := claimed_by;
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
language plpgsql
security definer
set search_path = ''
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
comment on function audit.enter_consultation_of_server_log(
    text, timestamptz, text, text [], text, integer, integer
) is 'Adds what the server''s own log says that a reader did.';

-- An entry that a transaction has made is chained after its commit. Otherwise a transaction that stays
-- open would hold the head of the chain, and every other one would wait for it.
create function audit.seal_processing(
    out sealed bigint, out head_no bigint, out head_hash bytea
)
language plpgsql
security definer
set search_path = ''
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

grant usage on schema audit to oic_audit;
grant select on all tables in schema audit to oic_audit;
alter default privileges in schema audit grant select on tables to oic_audit;
grant insert, update, delete on audit.collected_server_log to oic_audit;

grant execute on function audit.enter_processing(text, text, text, text, text, text [], text)
to oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure, oic_audit,
general_processing, law_enforcement_processing;
grant execute on function audit.seal_processing()
to oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure, oic_audit;
grant execute on function audit.enter_consultation_of_server_log(
    text, timestamptz, text, text [], text, integer, integer
) to oic_audit;

-- The entries that exist already become the first links of the chain.
select audit.seal_processing();

set local role oic_publish;
grant usage on schema marts to oic_audit;
grant select on marts.publication to oic_audit;
reset role;
