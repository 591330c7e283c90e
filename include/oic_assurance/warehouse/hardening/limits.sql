-- The statements that set limits for readers, and that take from all logins the right to call functions that can fill the disk
-- or delay a stage. The query returns one row for each statement that is still needed, and no row if the server is hardened. If
-- the statement sets a reader's login back that was altered, the row names the login and what was altered. An administrator of the
-- server runs the statements in the warehouse's database.
with
    owner as (
        select r.oid, r.rolname, quote_ident(r.rolname) as name
        from pg_catalog.pg_database as d
        inner join pg_catalog.pg_roles as r on d.datdba = r.oid
        where d.datname = current_database() and not r.rolsuper
    ),

    -- The role that ends readers' sessions: the owner of the function limits.end_session.
    ending as (
        select distinct r.oid, r.rolname, quote_ident(r.rolname) as name
        from pg_catalog.pg_proc as p
        inner join pg_catalog.pg_roles as r on p.proowner = r.oid
        where p.pronamespace = to_regnamespace('limits') and p.proname = 'end_session' and not r.rolsuper
    ),

    stage as (
        select r.oid, r.rolname, quote_ident(r.rolname) as name
        from pg_catalog.pg_roles as r
        where r.rolname in (
            'oic_landing', 'oic_transform', 'oic_gate', 'oic_publish', 'oic_erasure', 'oic_audit',
            'oic_worklist', 'oic_rekey', 'oic_signoff', 'oic_review', 'general_processing',
            'law_enforcement_processing'
        )
        union
        select oid, rolname, name
        from owner
    ),

    routine as (
        select p.oid, p.oid::regprocedure::text as name, p.proname ~ 'advisory' as is_of_owner
        from pg_catalog.pg_proc as p
        where
            -- Large objects: even a login that may not write to any table can write large objects, in a
            -- transaction that is not read-only.
            (p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ '^(lo_.*|loread|lowrite)$')
            -- Advisory locks, which every login could take.
            or (p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ '^pg_(try_)?advisory_')
            -- Functions that can fill the disk without a table.
            or (
                p.pronamespace = 'pg_catalog'::regnamespace
                and p.proname in ('pg_logical_emit_message', 'pg_notify')
            )
            -- Connections to another server or database.
            or p.proname ~ '^dblink'
    ),

    -- Every login that may connect and does not belong to the pipeline. Schema `limits` exists only after the migrations. A login that
    -- has not been given its limits yet is new: no login can take the limit of its files from itself.
    reader as (
        select
            r.oid, r.rolname, quote_ident(r.rolname) as name, r.rolconnlimit, r.rolconfig,
            case when exists (select from unnest(r.rolconfig) as own where starts_with(own, 'temp_file_limit=')) then r.rolname end as altered
        from pg_catalog.pg_roles as r
        where r.rolcanlogin
            and to_regnamespace('limits') is not null
            and has_database_privilege(r.oid, current_database(), 'CONNECT')
            and limits.is_reader(r.oid)
    ),

    -- How a session of a reader of figures begins: it writes nothing, all statements of a transaction see one publication, and
    -- the names of marts need no schema. A login can reset or change its own settings, so each start sets them again. Only
    -- bi_reader, whom the project makes, has no other limits and no other search path: an administrator may have chosen those of
    -- another login.
    begins as (
        select r.rolname, r.name, r.rolconfig, r.altered, s.name as setting, s.value, r.rolname = 'bi_reader' or s.is_fixed as is_fixed
        from reader as r
        cross join lateral (
            values
                ('default_transaction_read_only', 'on', true),
                ('default_transaction_isolation', 'repeatable read', true),
                ('search_path', case r.rolname when 'bi_reader' then 'marts' else 'limited' end, false)
        ) as s (name, value, is_fixed)
        where r.rolname = 'bi_reader'
            or pg_has_role(r.oid, 'supervisor_reader', 'USAGE')
            or pg_has_role(r.oid, 'commissioner_reader', 'USAGE')
        union all
        select r.rolname, r.name, r.rolconfig, r.altered, s.name, s.setting, r.rolname = 'bi_reader'
        from reader as r
        cross join limits.setting as s
        where exists (select from pg_catalog.pg_settings as known where known.name = s.name)
    ),

    -- A declared setting that a login does not have, or has with another value.
    missing as (
        select b.*, substr(own.setting, length(b.setting) + 2) as present
        from begins as b
        left join lateral unnest(b.rolconfig) as own (setting) on starts_with(own.setting, b.setting || '=')
        where own.setting is null or (b.is_fixed and own.setting <> b.setting || '=' || b.value)
    ),

    -- What a reader of figures has set for itself, everywhere or only in this database, and nobody declared. Every later session of
    -- the login would begin with it, and another time zone moves days and months. What is logged is for log.sql to decide.
    undeclared as (
        select
            b.name, b.altered, r.rolname, s.setdatabase <> 0 as is_of_database,
            split_part(one, '=', 1) as setting,
            substr(one, strpos(one, '=') + 1) as present
        from (select distinct rolname, name, altered from begins where setting = 'default_transaction_read_only') as b
        inner join pg_catalog.pg_roles as r on b.rolname = r.rolname
        inner join pg_catalog.pg_db_role_setting as s on r.oid = s.setrole
        cross join unnest(s.setconfig) as one
        where s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
            and split_part(one, '=', 1) !~ '^(log_|auto_explain\.|pgaudit\.)'
            and not exists (
                select
                from begins as declared
                where declared.rolname = b.rolname and declared.setting = split_part(one, '=', 1)
                    and (s.setdatabase = 0 or not declared.is_fixed)
            )
    ),

    -- The settings whose values no reader can word at will. Only these values are told.
    sayable as (
        select name from pg_catalog.pg_settings where vartype <> 'string'
    ),

    needed as (
        select
            1 as place,
            name,
            'revoke execute on function ' || name || ' from public' as statement,
            null::name as login,
            null::text as altered
        from routine
        where has_function_privilege('public', oid, 'EXECUTE')
        union all
        select
            2,
            f.name,
            'grant execute on function ' || f.name || ' to ' || o.name,
            null,
            null
        from routine as f
        cross join owner as o
        where f.is_of_owner
            and (
                has_function_privilege('public', f.oid, 'EXECUTE')
                or not has_function_privilege(o.oid, f.oid, 'EXECUTE')
            )
        union all
        select
            1,
            d.datname,
            'revoke connect, temporary on database ' || quote_ident(d.datname) || ' from public',
            null,
            null
        from pg_catalog.pg_database as d
        where
            (
                d.datname in ('postgres', 'template1', 'airflow', 'rms', 'intelligence')
                or d.datname = current_database()
            )
            and exists (
                select
                from aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) as granted
                where granted.grantee = 0
            )
        union all
        select 1, 'public', 'revoke all on schema public from public', null, null
        where has_schema_privilege('public', 'public', 'CREATE')
            or has_schema_privilege('public', 'public', 'USAGE')
        union all
        select 1, name, 'grant pg_read_all_stats, pg_signal_backend to ' || name || ' with inherit true', null, null
        from ending
        where not pg_has_role(oid, 'pg_read_all_stats', 'USAGE')
            or not pg_has_role(oid, 'pg_signal_backend', 'USAGE')
        union all
        select 1, name, 'grant pg_use_reserved_connections to ' || name || ' with inherit true', null, null
        from stage
        where not pg_has_role(oid, 'pg_use_reserved_connections', 'USAGE')
        union all
        select 1, name, 'grant set on parameter temp_file_limit to ' || name, null, null
        from owner
        where not has_parameter_privilege(oid, 'temp_file_limit', 'SET')
        union all
        select
            1,
            name,
            'alter role ' || name || ' connection limit ' || limits.connections(rolname),
            altered,
            'connection limit not set'
        from reader
        where rolconnlimit = -1
        union all
        select
            1,
            m.name,
            'alter role ' || m.name || ' set ' || quote_ident(m.setting) || ' = ' || quote_literal(m.value),
            m.altered,
            m.setting || case
                when m.present is null then ' not set'
                when s.name is not null then ' ' || m.present || ' instead of ' || m.value
                else ' another than ' || m.value
            end
        from missing as m
        left join sayable as s on m.setting = s.name
        union all
        select
            1,
            u.name,
            'alter role ' || u.name
            || case when u.is_of_database then ' in database ' || quote_ident(current_database()) else '' end
            || ' reset ' || quote_ident(u.setting),
            u.altered,
            u.setting || ' set'
            || case
                when s.name is not null or exists (
                    select from pg_catalog.pg_timezone_names as zone where u.setting = 'TimeZone' and u.present = zone.name
                ) then ' to ' || u.present
                else ''
            end
            || case when u.is_of_database then ' in this database' else '' end
        from undeclared as u
        left join sayable as s on u.setting = s.name
    )

select statement || ';', login::text, altered
from needed
order by place desc, name
