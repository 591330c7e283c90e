-- A plan, a statistic or an error of a table that somebody may read can tell of its hidden rows. So supervisors and the
-- Commissioner's office read no shared table: they read views over functions, in schema `limited`. Publishing makes the views and
-- their functions for each mart (publishing/limited_views.py); here is what all of them use. Schema `worklist` tells a
-- supervisor whom an exception is about, and logs each look first.

create schema limited authorization oic_audience;
create schema worklist authorization oic_identity;
comment on schema limited is
'What supervisors and the Commissioner''s office read: the marts under the same names, as views over functions.';
comment on schema worklist is
'Open exceptions of a supervisor''s own units with the officer that each is about. Each look is logged first.';
set local role oic_audience;
grant usage on schema limited to oic_identity, supervisor_reader, commissioner_reader;
reset role;
set local role oic_identity;
grant usage on schema worklist to oic_worklist, supervisor_reader;
reset role;

-- Functions

set local role oic_audience;
create function limited.is_limited(reader name) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set client_min_messages = error
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
set client_min_messages = error
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

reset role;

set local role oic_identity;
-- One entry says whose officers a look shows, and not one for each of them. The same look within ten minutes is the same look.
create function worklist.log_look(because text, unit text default null) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set client_min_messages = error
as $function$
declare
    look uuid;
    open_now text[];
    codes text;
begin
    if because is null or length(btrim(because)) not between 10 and 500 then
        raise invalid_parameter_value using
            message = 'a look at whom exceptions are about needs a reason of at least 10 and at most 500 characters';
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
    -- A look never waits for another one.
    delete from identity.look as old
    where old.look_id in (
        select stale.look_id from identity.look as stale
        where stale.asked_at < clock_timestamp() - interval '1 day'
        for update skip locked
    );
    select
        coalesce(array_agg(open.force_code || ' ' || open.exception_key order by open.force_code, open.exception_key), '{}'),
        string_agg(distinct open.exception_code, ', ' order by open.exception_code)
    into open_now, codes
    from limited.assurance_exception as open
    where open.officer_key is not null and (unit is null or open.org_unit_code = unit);
    select known.look_id into look
    from identity.look as known
    where known.login = session_user
        and known.org_unit_code is not distinct from unit
        and known.because = btrim(log_look.because)
        and known.asked_at > clock_timestamp() - interval '10 minutes'
        and pg_xact_status(known.made_in) = 'committed'
        and open_now = array(
            select seen.force_code || ' ' || seen.exception_key
            from identity.looked_at as seen
            where seen.look_id = known.look_id
            order by seen.force_code, seen.exception_key
        )
    order by known.asked_at desc
    limit 1;
    if found then
        return look;
    end if;
    look := gen_random_uuid();
    insert into identity.look (look_id, login, org_unit_code, because)
    values (look, session_user, unit, btrim(because));
    insert into identity.looked_at (look_id, force_code, exception_key, exception_code)
    select look, open.force_code, open.exception_key, open.exception_code
    from limited.assurance_exception as open
    where open.officer_key is not null and (unit is null or open.org_unit_code = unit);
    -- An entry names the exceptions, never the officers: after an erasure it leads to nobody.
    perform audit.enter_processing(
        action => 'consultation',
        what => format('whom %s exceptions are about (%s)', cardinality(part.marks), codes),
        because => btrim(because),
        concerns => part.marks
    )
    from (
        select array_agg('exception:' || seen.exception_key order by seen.exception_key) as marks
        from (
            select exception_key, row_number() over (order by exception_key) as place
            from identity.looked_at
            where look_id = look
        ) as seen
        group by (seen.place - 1) / 1000
    ) as part;
    return look;
end
$function$;
comment on function worklist.log_look(text, text) is
'Log a look at the officers of the own units'' open exceptions, with the reason. Returns the look''s id.';

create function worklist.exceptions(
    look uuid
) returns table (
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

reset role;

-- Grants

set local role oic_audience;
grant execute on function
    limited.is_limited
to oic_transform, oic_gate, bi_reader, supervisor_reader, commissioner_reader;
grant execute on function limited.own_units to oic_identity;
reset role;

set local role oic_identity;
grant execute on function worklist.log_look, worklist.exceptions to oic_worklist, supervisor_reader;
reset role;
