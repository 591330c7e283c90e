-- What is read is logged from what the server executed (hardening/log.sql). docs/decisions/0077-the-log-knows-what-was-executed.md says
-- why. A reason and an entry of the log of processing have a size, and a look at the worklist is one entry.

create or replace function audit.enter_processing(
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

-- A row is locked only by a role that may change it.
grant update (asked_at) on identity.look to oic_identity;

set local role oic_identity;
-- One entry says whose officers a look shows, and not one for each of them. The same look within ten minutes is the same look.
create or replace function worklist.log_look(because text, unit text default null) returns uuid
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
reset role;

-- The server can send the plans that it logs to the session too, and those of statements inside a function show values that only
-- the function may know. So no function with more rights than its caller shows messages to a reader or a person.
do $functions$
declare
    routine text;
begin
    for routine in
        select p.oid::regprocedure::text
        from pg_catalog.pg_proc as p
        where p.prosecdef
            and p.pronamespace = any (array['audit', 'limited', 'signoff', 'state', 'worklist']::regnamespace [])
            and not coalesce(p.proconfig, '{}') && array['client_min_messages=error']
    loop
        execute format('alter function %s set client_min_messages = error', routine);
    end loop;
end
$functions$;
