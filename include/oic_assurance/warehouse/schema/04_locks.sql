-- Locks are rows of tables that only these functions reach, and each function asks which stage calls it. No reader can take a
-- lock, so no reader can hold up a stage. `oic_guard` owns them. Nobody logs in as it, and it has no right on any other table.
-- An administrator lets it see and end the sessions of readers (warehouse/hardening/limits.sql).

create schema locks authorization oic_guard;
create schema limits authorization oic_guard;
comment on schema locks is 'The locks of stages, as rows.';
comment on schema limits is 'What holds readers to their limits.';
set local role oic_guard;
grant usage on schema
    locks, limits
to oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure, oic_rekey, assurance_looker;
reset role;

-- Tables

set local role oic_guard;
create table locks.lock (
    lock_name text primary key
);
comment on table locks.lock is 'One row for each lock. A row is made when its lock is taken for the first time.';

create table locks.taker (
    lock_kind text,
    stage text,
    primary key (lock_kind, stage)
);
comment on table locks.taker is 'Which stage may take which lock. The locks of all datasets are of one kind: landing.';
insert into locks.taker (lock_kind, stage)
values
    ('candidate', 'oic_transform'),
    ('daily run', 'oic_transform'),
    ('drill', 'oic_publish'),
    ('known batches', 'oic_landing'),
    ('known batches', 'oic_publish'),
    ('known batches', 'oic_transform'),
    ('landing', 'oic_erasure'),
    ('landing', 'oic_landing'),
    ('notifications', 'oic_gate'),
    ('pseudonyms', 'oic_gate'),
    ('pseudonyms', 'oic_landing'),
    ('pseudonyms', 'oic_rekey'),
    ('pseudonyms', 'oic_transform'),
    ('publishing', 'oic_publish'),
    ('recompute', 'oic_transform'),
    ('rekey', 'oic_rekey'),
    ('upkeep', 'oic_erasure');
insert into locks.lock (lock_name)
select distinct lock_kind from locks.taker where lock_kind <> 'landing';

-- After a crash of the server no session holds a lock, and an unlogged table is empty then. A change to
-- it waits for no disk.
create unlogged table locks.holder (
    lock_name text not null,
    is_shared boolean not null,
    pid integer not null,
    session_since timestamptz not null,
    login oid not null,
    taken_at timestamptz not null default clock_timestamp()
);
comment on table locks.holder is 'Which session holds which lock. A row of a session that has ended does not count.';

-- The limits of every reader. An administrator can change a row; the next start applies it to the logins
-- that have no value of their own.
create table limits.setting (
    name text primary key,
    setting text not null,
    because text not null
);
comment on table limits.setting is 'What each reader''s login is limited to.';
insert into limits.setting (name, setting, because)
values
    ('statement_timeout', '5min', 'A dashboard''s query takes milliseconds, and an extract takes minutes.'),
    ('idle_in_transaction_session_timeout', '15min', 'Such a transaction keeps tables and old rows.'),
    ('transaction_timeout', '1h', 'Such a transaction keeps tables and old rows.'),
    ('idle_session_timeout', '1h', 'A session takes one of the reader''s connections.'),
    ('temp_file_limit', '128MB', 'All sorts of a session together, on the disk of the warehouse.'),
    ('work_mem', '8MB', 'The memory of one sort. A session can set it higher; a stage ends who does.');

create table limits.ended_session (
    ended_at timestamptz not null default clock_timestamp(),
    login text not null,
    pid integer not null,
    session_since timestamptz,
    because text not null
);
comment on table limits.ended_session is
'Which session of a reader a stage has ended, and which limit the reader had passed.';

reset role;

-- Functions

set local role oic_guard;
create function locks.is_alive(holder locks.holder) returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $function$
    -- An owner without pg_read_all_stats does not see when a session began. Then the pid and the login
    -- must do.
    select exists (
        select
        from pg_stat_get_activity(holder.pid) as session
        where session.usesysid = holder.login
            and coalesce(session.backend_start, holder.session_since) = holder.session_since
    )
$function$;

create function locks.is_own(holder locks.holder) returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $function$
    select holder.pid = pg_backend_pid()
        and holder.session_since = (
            select session.backend_start from pg_stat_get_activity(pg_backend_pid()) as session
        )
$function$;

-- Refuse a login that may not take a lock, and make the lock's row. If another transaction is making the
-- same row, the row is still missing afterwards, and the caller must treat the lock as held.
create function locks.prepare(wanted text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
as $function$
begin
    if not exists (
        select
        from locks.taker
        where lock_kind = case when wanted like 'landing %' then 'landing' else wanted end
            and to_regrole(stage) is not null
            and pg_has_role(session_user, to_regrole(stage), 'MEMBER')
    ) then
        raise exception 'the login % may not take the lock ''%''', session_user, wanted
            using errcode = 'insufficient_privilege';
    end if;
    if not exists (select from locks.lock where lock_name = wanted) then
        begin
            insert into locks.lock (lock_name) values (wanted) on conflict do nothing;
        exception
            when lock_not_available then null;
        end;
    end if;
end
$function$;

create function locks.is_held_by_others(wanted text, shared boolean) returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $function$
    select exists (
        select
        from locks.holder as holder
        where holder.lock_name = wanted
            and not (shared and holder.is_shared)
            and not locks.is_own(holder)
            and locks.is_alive(holder)
    )
$function$;

create function locks.try_take(wanted text, shared boolean) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
    perform locks.prepare(wanted);
    -- The row is locked only until this statement's commit, so that two sessions do not decide at the
    -- same time.
    if shared then
        perform from locks.lock where lock_name = wanted for share skip locked;
    else
        perform from locks.lock where lock_name = wanted for update skip locked;
    end if;
    if not found or locks.is_held_by_others(wanted, shared) then
        return false;
    end if;
    if not shared then
        delete from locks.holder as holder
        where holder.lock_name = wanted and not locks.is_alive(holder);
    end if;
    insert into locks.holder (lock_name, is_shared, pid, session_since, login)
    select wanted, shared, pg_backend_pid(), session.backend_start, session.usesysid
    from pg_stat_get_activity(pg_backend_pid()) as session;
    return true;
end
$function$;

create function locks.release(held text, shared boolean) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $function$
    delete from locks.holder
    where ctid = (
        select own.ctid
        from locks.holder as own
        where own.lock_name = held and own.is_shared = shared and locks.is_own(own)
        limit 1
    )
$function$;

create function locks.try_in_transaction(wanted text, shared boolean) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
    perform locks.prepare(wanted);
    if shared then
        perform from locks.lock where lock_name = wanted for share skip locked;
    else
        perform from locks.lock where lock_name = wanted for update skip locked;
    end if;
    return found and not locks.is_held_by_others(wanted, shared);
end
$function$;

create function locks.take_in_transaction(wanted text, shared boolean) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
    patience interval := current_setting('lock_timeout')::interval;
    since timestamptz := clock_timestamp();
begin
    loop
        perform locks.prepare(wanted);
        -- The row stays locked until the end of the transaction.
        if shared then
            perform from locks.lock where lock_name = wanted for share;
        else
            perform from locks.lock where lock_name = wanted for update;
        end if;
        exit when found and not locks.is_held_by_others(wanted, shared);
        if patience > interval '0' and clock_timestamp() > since + patience then
            raise exception 'another session holds the lock ''%''', wanted
                using errcode = 'lock_not_available';
        end if;
        perform pg_sleep(0.05);
        -- Otherwise the transaction would go on seeing the sessions of its beginning.
        perform pg_stat_clear_snapshot();
    end loop;
end
$function$;

-- Every login that is not a stage, the owner or a superuser counts as a reader. So a login that an
-- administrator has made has limits too.
create function limits.is_reader(login oid) returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $function$
    select not person.rolsuper
        and not exists (
            select
            from pg_database as warehouse
            where warehouse.datname = current_database()
                and pg_has_role(person.oid, warehouse.datdba, 'MEMBER')
        )
        and not exists (
            select
            from unnest(array[
                'oic_landing', 'oic_transform', 'oic_gate', 'oic_publish', 'oic_erasure', 'oic_audit', 'oic_review',
                'oic_worklist', 'oic_rekey', 'oic_signoff', 'general_processing', 'law_enforcement_processing'
            ]) as stage
            where to_regrole(stage) is not null and pg_has_role(person.oid, to_regrole(stage), 'MEMBER')
        )
    from pg_roles as person
    where person.oid = login
$function$;

-- How many sessions a reader's login has at the same time. A login that many people use has more.
create function limits.connections(reader name) returns integer
language sql stable
set search_path = pg_catalog, pg_temp
as $function$
    select case
        when reader = 'bi_reader' then 16
        else 4
    end
$function$;

create function limits.readers(
    
) returns table (
    pid integer,
    login text,
    session_since timestamptz,
    state text,
    statement_seconds double precision,
    idle_in_transaction_seconds double precision,
    transaction_seconds double precision
)
language sql security definer
set search_path = pg_catalog, pg_temp
as $function$
    select
        session.pid,
        session.usename::text,
        session.backend_start,
        session.state,
        case
            when session.state in ('active', 'fastpath function call')
                then extract(epoch from clock_timestamp() - session.query_start)
        end,
        case
            when session.state like 'idle in transaction%'
                then extract(epoch from clock_timestamp() - session.state_change)
        end,
        extract(epoch from clock_timestamp() - session.xact_start)
    from pg_stat_activity as session
    where session.datname = current_database()
        and session.backend_type = 'client backend'
        and limits.is_reader(session.usesysid)
$function$;

-- The reason `why` names the limit. So somebody can tell the person why the session was ended.
create function limits.end_session(reader integer, why text) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
    session record;
begin
    select * into session from limits.readers() as present where present.pid = reader;
    if not found or not pg_terminate_backend(session.pid) then
        return false;
    end if;
    -- It can take a moment until the session has ended. It is recorded once.
    insert into limits.ended_session (login, pid, session_since, because)
    select session.login, session.pid, session.session_since, why
    where not exists (
        select
        from limits.ended_session as before
        where before.pid = session.pid and before.session_since = session.session_since
    );
    return true;
end
$function$;

-- The limits of a role are defaults, which a session can set higher. This function holds a reader to them.
create function limits.end_overdue() returns table (login text, pid integer, because text)
language sql security definer
set search_path = pg_catalog, pg_temp
as $function$
    select overdue.login, overdue.pid, overdue.because
    from (
        select distinct on (reader.pid)
            reader.login,
            reader.pid,
            format('%s: more than %s', limited.name, limited.setting) as because
        from limits.readers() as reader
        cross join limits.setting as limited
        where case limited.name
            when 'statement_timeout'
                then reader.statement_seconds > extract(epoch from limited.setting::interval)
            when 'idle_in_transaction_session_timeout'
                then reader.idle_in_transaction_seconds > extract(epoch from limited.setting::interval)
            when 'transaction_timeout'
                then reader.transaction_seconds > extract(epoch from limited.setting::interval)
        end
    ) as overdue
    where limits.end_session(overdue.pid, overdue.because)
$function$;

-- End the sessions of readers whose transaction has a lock on a table or view and is older than `patience`.
-- Publishing calls this when it could not get its own lock for a while.
create function limits.end_holders(patience interval) returns table (login text, pid integer, because text)
language sql security definer
set search_path = pg_catalog, pg_temp
as $function$
    select holding.login, holding.pid, holding.because
    from (
        select
            reader.login,
            reader.pid,
            format('a transaction kept a published table for more than %s', patience) as because
        from limits.readers() as reader
        where reader.transaction_seconds > extract(epoch from patience)
            and exists (
                select
                from pg_locks as kept
                inner join pg_class as relation on kept.relation = relation.oid
                inner join pg_namespace as place on relation.relnamespace = place.oid
                where kept.pid = reader.pid
                    and kept.locktype = 'relation'
                    and kept.database = (
                        select warehouse.oid
                        from pg_database as warehouse
                        where warehouse.datname = current_database()
                    )
                    and place.nspname !~ '^pg_'
            )
    ) as holding
    where limits.end_session(holding.pid, holding.because)
$function$;

reset role;

-- Views

set local role oic_guard;
create view locks.held as
select lock_name, is_shared, pid, pg_get_userbyid(login) as login, taken_at
from locks.holder as holder
where locks.is_alive(holder);
comment on view locks.held is 'The locks that sessions hold at this moment.';

reset role;

-- Grants

set local role oic_guard;
grant select on
    limits.setting, limits.ended_session
to oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure, assurance_looker;
grant select on
    locks.held
to oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure, oic_rekey, assurance_looker;
grant execute on function
    locks.is_alive, locks.try_take, locks.release, locks.try_in_transaction, locks.take_in_transaction
to oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure, oic_rekey;
grant execute on function
    limits.readers, limits.end_session, limits.end_overdue, limits.end_holders
to oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure;
revoke all on all functions in schema locks, limits from public;
reset role;
