-- Who reads beside bi_reader: a unit's own supervisors, and the Commissioner's office. Logins are made members of these;
-- a supervisor's also of the role of each unit (`oic_unit_<code>`) whose records it may see. Row-level security asks the
-- server's own list of members and nothing else, so no table, function or setting of ours can be got round.

do $roles$
declare
    wanted text;
begin
    foreach wanted in array array['supervisor_reader', 'commissioner_reader']
    loop
        if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
            begin
                execute format('create role %I', wanted);
            exception
                when duplicate_object or unique_violation then null;
            end;
        end if;
    end loop;
    execute format(
        'grant connect on database %I to supervisor_reader, commissioner_reader', current_database()
    );
end
$roles$;

create table audit.access_change (
    change_id bigint generated always as identity primary key,
    login text not null,
    audience text not null check (audience in ('SUPERVISOR', 'OFFICE')),
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
'SUPERVISOR: the records of one unit. OFFICE: the Commissioner''s office, aggregates alone.';

set local role oic_publish;
grant usage on schema marts to supervisor_reader, commissioner_reader;
grant select on marts.publication to supervisor_reader, commissioner_reader;
reset role;
