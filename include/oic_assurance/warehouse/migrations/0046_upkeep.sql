-- What upkeep did: one row for each part and run. The two functions stamp the times, and nobody changes a row that has
-- ended. docs/decisions/0045-upkeep-and-review.md says why.

create table audit.upkeep (
    upkeep_id bigint generated always as identity primary key,
    part text not null check (part ~ '^[a-z]+$'),
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    outcome text not null default 'running' check (outcome in ('running', 'done', 'skipped', 'failed')),
    did jsonb not null default '{}' check (jsonb_typeof(did) = 'object'),
    bytes_before bigint check (bytes_before >= 0),
    bytes_after bigint check (bytes_after >= 0),
    message text check (btrim(message) <> ''),
    check ((outcome = 'running') = (ended_at is null)),
    check (outcome not in ('skipped', 'failed') or message is not null)
);
create index upkeep_of_part on audit.upkeep (part, upkeep_id);
comment on table audit.upkeep is 'One row per part of the upkeep and run: when it ran, what it did, and how it ended.';
comment on column audit.upkeep.did is 'What it did, as numbers by name. Never a key and never a name.';
comment on column audit.upkeep.bytes_before is 'The size of what the part looks after, before it. Blank if it has no size.';
comment on column audit.upkeep.message is
'Why the part was skipped or failed, or what it left for the next run. Blank if there is nothing to say.';

create function audit.begin_upkeep(of_part text) returns bigint
language plpgsql security definer
set search_path = ''
as $function$
declare
    begun bigint;
begin
    -- The caller holds the lock of the upkeep, so a part that is still running was killed.
    update audit.upkeep
    set outcome = 'failed', ended_at = clock_timestamp(), message = 'interrupted before its end'
    where part = of_part and outcome = 'running';
    insert into audit.upkeep (part) values (of_part) returning upkeep_id into begun;
    return begun;
end
$function$;

create function audit.end_upkeep(
    of_upkeep bigint, with_outcome text, what jsonb, size_before bigint, size_after bigint, why text
) returns void
language plpgsql security definer
set search_path = ''
as $function$
begin
    update audit.upkeep
    set
        outcome = with_outcome, did = what, bytes_before = size_before, bytes_after = size_after,
        message = nullif(btrim(why), ''), ended_at = clock_timestamp()
    where upkeep_id = of_upkeep and outcome = 'running';
    if not found then
        raise exception 'upkeep % is not running', of_upkeep using errcode = 'check_violation';
    end if;
end
$function$;

revoke execute on function
audit.begin_upkeep(text), audit.end_upkeep(bigint, text, jsonb, bigint, bigint, text)
from public;
grant execute on function
audit.begin_upkeep(text), audit.end_upkeep(bigint, text, jsonb, bigint, bigint, text)
to oic_erasure;

-- One process at a time does upkeep.
insert into locks.taker (lock_kind, stage) values ('upkeep', 'oic_erasure');
insert into locks.lock (lock_name) values ('upkeep');
