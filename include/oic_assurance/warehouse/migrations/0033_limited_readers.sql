-- A plan, a statistic or an error of a table that somebody may read can tell of its hidden rows. So supervisors and the
-- Commissioner's office read no shared table any more: they read views over functions, in schema `limited`. Publishing makes
-- the views and their functions for each mart (publishing/limited_views.py); here is what all of them use.
-- Schema `worklist` tells a supervisor whom an exception is about, and logs each look first.

do $database$
begin
    execute format(
        'grant connect on database %I to oic_audience, oic_identity, oic_worklist',
        current_database()
    );
end
$database$;

create schema limited authorization oic_audience;
create schema worklist authorization oic_identity;

set local role oic_publish;
revoke usage on schema marts from supervisor_reader, commissioner_reader;
revoke select on marts.publication from supervisor_reader, commissioner_reader;
grant usage on schema marts to oic_audience;
reset role;

set local role oic_audience;
comment on schema limited is
'What supervisors and the Commissioner''s office read: the marts under the same names, as views over functions.';
alter default privileges revoke execute on functions from public;
grant usage on schema limited to supervisor_reader, commissioner_reader, oic_identity;

create function limited.is_limited(reader name) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
    -- A superuser counts as a member of every role, but no policy applies to superusers.
    return exists (
        select
        from pg_roles as r
        where r.rolname in (reader, session_user)
            and not r.rolsuper
            and (
                pg_has_role(r.oid, 'supervisor_reader', 'USAGE')
                or pg_has_role(r.oid, 'commissioner_reader', 'USAGE')
            )
    );
end
$function$;
comment on function limited.is_limited(name) is
'Whether the role, or the login of the session, reads as a supervisor or as the Commissioner''s office.';

create function limited.own_units() returns text []
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
    prefix text := 'oic_unit_' || current_database() || '_';
begin
    if pg_has_role(session_user, 'oic_worklist', 'USAGE') then
        return array(
            select unit.force_code || '_' || unit.org_unit_code
            from marts.dim_org_unit as unit
            where unit.publication_id = (
                select p.publication_id from marts.publication as p where p.is_current
            )
        );
    end if;
    return array(
        select substr(unit.rolname::text, length(prefix) + 1)
        from pg_roles as unit
        where starts_with(unit.rolname::text, prefix)
            and pg_has_role(session_user, unit.oid, 'USAGE')
    );
end
$function$;
comment on function limited.own_units() is
'The units whose records the login of the session may see, each as force and unit with "_" between them.';

create function limited.refuse_explain() returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $function$
begin
    -- `explain analyze` counts the pages that a function reads, and so the rows that it does not return.
    if coalesce(current_query(), 'explain') ~* 'explain' then
        raise insufficient_privilege using
            message = 'no records are read for a statement with the word "explain" in it',
            hint = 'Leave the word out. A plan without "analyze" is shown.';
    end if;
end
$function$;
comment on function limited.refuse_explain() is
'Raises an error if the client''s statement could show how much a function reads.';

revoke all on function limited.is_limited(name), limited.own_units(), limited.refuse_explain()
from public;
-- The policy of each mart of records calls this function, so every role that reads a mart may call it.
grant execute on function limited.is_limited(name)
to supervisor_reader, commissioner_reader, bi_reader, oic_transform, oic_gate;
grant execute on function limited.own_units() to oic_identity;
reset role;

-- Logins that exist already have the old schema in their search path. The path that an administrator has set
-- stays as it is.
do $paths$
declare
    reader text;
begin
    for reader in
        select r.rolname
        from pg_catalog.pg_roles as r
        where r.rolcanlogin
            and not r.rolsuper
            and 'search_path=marts' = any (r.rolconfig)
            and (
                pg_has_role(r.oid, 'supervisor_reader', 'USAGE')
                or pg_has_role(r.oid, 'commissioner_reader', 'USAGE')
            )
            and pg_has_role(current_user, r.oid, 'MEMBER WITH ADMIN OPTION')
    loop
        execute format('alter role %I set search_path = limited', reader);
    end loop;
end
$paths$;

-- Names are for the worklist alone. They are in no raw table, archive or mart, and go with the number's pseudonym.
create table identity.directory (
    force_code text not null,
    kind text not null,
    identifier text not null,
    name text not null check (btrim(name) <> ''),
    filled_at timestamptz not null default clock_timestamp(),
    primary key (force_code, kind, identifier),
    foreign key (force_code, kind, identifier) references identity.pseudonym on delete cascade
);
comment on table identity.directory is
'Names of officers from the force''s directory, for the worklist. Empty unless the deployment fills it.';
grant select, insert, delete on identity.directory to oic_landing;

create table identity.look (
    look_id uuid primary key,
    login text not null,
    org_unit_code text,
    because text not null check (length(btrim(because)) >= 10),
    asked_at timestamptz not null default clock_timestamp(),
    made_in xid8 not null default pg_current_xact_id()
);
comment on table identity.look is
'Looks at whom exceptions are about, of the last day. The log that lasts is audit.processing_log.';
comment on column identity.look.made_in is
'The transaction that logged the look. Nobody is shown before it is committed.';

create table identity.looked_at (
    look_id uuid not null references identity.look on delete cascade,
    force_code text not null,
    exception_key text not null,
    exception_code text not null,
    primary key (look_id, force_code, exception_key)
);
comment on table identity.looked_at is 'The exceptions of a look whose officers are shown.';

grant usage on schema identity to oic_identity;
grant select on identity.pseudonym, identity.directory to oic_identity;
grant select, insert, delete on identity.look to oic_identity;
grant select, insert on identity.looked_at to oic_identity;
grant usage on schema audit to oic_identity;
grant execute on function audit.enter_processing(text, text, text, text, text, text [], text)
to oic_identity;

set local role oic_identity;
comment on schema worklist is
'Open exceptions of a supervisor''s own units with the officer that each is about. Each look is logged first.';
alter default privileges revoke execute on functions from public;
grant usage on schema worklist to supervisor_reader, oic_worklist;

create function worklist.log_look(because text, unit text default null) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set client_min_messages = error
as $function$
declare
    look uuid := gen_random_uuid();
begin
    if because is null or length(btrim(because)) < 10 then
        raise invalid_parameter_value using
            message = 'a look at whom exceptions are about needs a reason of at least 10 characters';
    end if;
    if current_setting('transaction_read_only') = 'on' then
        raise read_only_sql_transaction using
            message = 'a look is logged, and this transaction is read-only',
            hint = 'begin read write; select worklist.log_look(''why'', ''unit''); commit;';
    end if;
    if unit is not null and not exists (
        select from unnest(limited.own_units()) as own (name)
        where substr(own.name, strpos(own.name, '_') + 1) = unit
    ) then
        raise insufficient_privilege using message = 'that is none of your units';
    end if;
    delete from identity.look as old where old.asked_at < clock_timestamp() - interval '1 day';
    insert into identity.look (look_id, login, org_unit_code, because)
    values (look, session_user, unit, btrim(because));
    insert into identity.looked_at (look_id, force_code, exception_key, exception_code)
    select look, open.force_code, open.exception_key, open.exception_code
    from limited.assurance_exception as open
    where open.officer_key is not null and (unit is null or open.org_unit_code = unit);
    -- An entry names the exception, never the officer: after an erasure it leads to nobody.
    perform audit.enter_processing(
        action => 'consultation',
        what => format('whom exception %s (%s) is about', seen.exception_key, seen.exception_code),
        because => btrim(because),
        concerns => array['exception:' || seen.exception_key]
    )
    from identity.looked_at as seen
    where seen.look_id = look;
    return look;
end
$function$;
comment on function worklist.log_look(text, text) is
'Log a look at the officers of the own units'' open exceptions, with the reason. Returns the look''s id.';

create function worklist.exceptions(look uuid)
returns table (
    exception_key text,
    exception_code text,
    point_code text,
    record_ref text,
    org_unit_code text,
    opened_at timestamptz,
    age_days integer,
    age_band text,
    number_kind text,
    number text,
    name text
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set client_min_messages = error
as $function$
declare
    only_unit text;
begin
    -- A look that is not committed can still be rolled back, and its entries in the log with it.
    select l.org_unit_code into only_unit
    from identity.look as l
    where l.look_id = exceptions.look
        and l.login = session_user
        and l.asked_at > clock_timestamp() - interval '15 minutes'
        and pg_xact_status(l.made_in) = 'committed';
    if not found then
        raise insufficient_privilege using
            message = 'there is no such look of yours that is committed and less than 15 minutes old',
            hint = 'begin read write; select worklist.log_look(''why'', ''unit''); commit;';
    end if;
    return query
    select
        open.exception_key,
        open.exception_code,
        open.point_code,
        open.record_ref,
        open.org_unit_code,
        open.opened_at,
        open.age_days::integer,
        open.age_band,
        person.kind,
        person.identifier,
        directory.name
    from limited.assurance_exception as open
    left join identity.looked_at as seen
        on seen.look_id = exceptions.look
        and open.force_code = seen.force_code
        and open.exception_key = seen.exception_key
    left join identity.pseudonym as person
        on seen.force_code = person.force_code
        and open.officer_key = person.officer_key
    left join identity.directory as directory
        on person.force_code = directory.force_code
        and person.kind = directory.kind
        and person.identifier = directory.identifier
    where only_unit is null or open.org_unit_code = only_unit
    order by open.opened_at, open.exception_key;
end
$function$;
comment on function worklist.exceptions(uuid) is
'The open exceptions of the own units, the oldest first, with the officer that each is about. Takes a look''s id.';

revoke all on function worklist.log_look(text, text), worklist.exceptions(uuid) from public;
grant execute on function worklist.log_look(text, text), worklist.exceptions(uuid)
to supervisor_reader, oic_worklist;
reset role;
