-- The statements that set limits for readers, and that take from all logins the right to call functions that can fill the disk
-- or delay a stage. The query returns one row for each statement that is still needed, and no row if the server is hardened. An
-- administrator of the server runs the statements in the warehouse's database.
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

    -- Every login that may connect and does not belong to the pipeline. Schema `limits` exists only after the migrations.
    reader as (
        select r.oid, r.rolname, quote_ident(r.rolname) as name, r.rolconnlimit, r.rolconfig
        from pg_catalog.pg_roles as r
        where r.rolcanlogin
            and to_regnamespace('limits') is not null
            and has_database_privilege(r.oid, current_database(), 'CONNECT')
            and limits.is_reader(r.oid)
    ),

    -- How a session of a reader of figures begins: it writes nothing, all statements of a transaction see one publication, and
    -- the names of marts need no schema. A login can reset or change its own settings, so each start sets them again. Only
    -- another search path stays, because an administrator may have chosen it.
    begins as (
        select r.name, r.rolconfig, s.name as setting, s.value
        from reader as r
        cross join lateral (
            values
                ('default_transaction_read_only', 'on'),
                ('default_transaction_isolation', 'repeatable read'),
                ('search_path', case r.rolname when 'bi_reader' then 'marts' else 'limited' end)
        ) as s (name, value)
        where r.rolname = 'bi_reader'
            or pg_has_role(r.oid, 'supervisor_reader', 'USAGE')
            or pg_has_role(r.oid, 'commissioner_reader', 'USAGE')
    ),

    -- What such a login has set for itself, everywhere or only in this database, and nobody declared. Every later session of the
    -- login would begin with it, and another time zone moves days and months. What is logged is for log.sql to decide.
    undeclared as (
        select
            b.name,
            case when s.setdatabase = 0 then '' else ' in database ' || quote_ident(current_database()) end as place,
            split_part(one, '=', 1) as setting
        from (select distinct name from begins) as b
        inner join pg_catalog.pg_roles as r on b.name = quote_ident(r.rolname)
        inner join pg_catalog.pg_db_role_setting as s on r.oid = s.setrole
        cross join unnest(s.setconfig) as one
        where s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
            and split_part(one, '=', 1) <> all (array(select name from limits.setting))
            and split_part(one, '=', 1) !~ '^(log_|auto_explain\.|pgaudit\.)'
            and case
                when s.setdatabase = 0 then split_part(one, '=', 1) not in (select setting from begins)
                else split_part(one, '=', 1) <> 'search_path'
            end
    ),

    needed as (
        select
            1 as place,
            name,
            'revoke execute on function ' || name || ' from public' as statement
        from routine
        where has_function_privilege('public', oid, 'EXECUTE')
        union all
        select
            2,
            f.name,
            'grant execute on function ' || f.name || ' to ' || o.name
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
            'revoke connect, temporary on database ' || quote_ident(d.datname) || ' from public'
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
        select 1, 'public', 'revoke all on schema public from public'
        where has_schema_privilege('public', 'public', 'CREATE')
            or has_schema_privilege('public', 'public', 'USAGE')
        union all
        select 1, name, 'grant pg_read_all_stats, pg_signal_backend to ' || name || ' with inherit true'
        from ending
        where not pg_has_role(oid, 'pg_read_all_stats', 'USAGE')
            or not pg_has_role(oid, 'pg_signal_backend', 'USAGE')
        union all
        select 1, name, 'grant pg_use_reserved_connections to ' || name || ' with inherit true'
        from stage
        where not pg_has_role(oid, 'pg_use_reserved_connections', 'USAGE')
        union all
        select 1, name, 'grant set on parameter temp_file_limit to ' || name
        from owner
        where not has_parameter_privilege(oid, 'temp_file_limit', 'SET')
        union all
        select
            1,
            name,
            'alter role ' || name || ' connection limit ' || limits.connections(rolname)
        from reader
        where rolconnlimit = -1
        union all
        select
            1,
            r.name,
            'alter role ' || r.name || ' set ' || quote_ident(s.name) || ' = ' || quote_literal(s.setting)
        from reader as r
        cross join limits.setting as s
        where exists (select from pg_catalog.pg_settings as known where known.name = s.name)
            and not exists (
                select from unnest(r.rolconfig) as own where starts_with(own, s.name || '=')
            )
        union all
        select 1, name, 'alter role ' || name || ' set ' || setting || ' = ' || quote_literal(value)
        from begins
        where not exists (
            select
            from unnest(rolconfig) as own
            where own = setting || '=' || value or (setting = 'search_path' and starts_with(own, 'search_path='))
        )
        union all
        select 1, name, 'alter role ' || name || place || ' reset ' || quote_ident(setting)
        from undeclared
    )

select statement || ';'
from needed
order by place desc, name
