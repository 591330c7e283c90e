-- The statements that close the server's catalogues and statistics to everybody except the pipeline. Catalogues and statistics
-- show row counts, table sizes, logins and what other sessions do, even to a login that may not read the tables. The query
-- returns one row for each statement that is still needed, and no row if the server is hardened. An administrator of the server
-- runs the statements in the warehouse's database.
with
    -- The roles that keep access: the owner, the stages, bi_reader, and monitoring.
    holder as (
        select r.oid, quote_ident(r.rolname) as name, r.oid = d.datdba as is_owner
        from pg_catalog.pg_roles as r
        inner join pg_catalog.pg_database as d on d.datname = current_database()
        where not r.rolsuper
            and (
                (starts_with(r.rolname, 'oic_') and not starts_with(r.rolname, 'oic_unit_'))
                or r.rolname in ('bi_reader', 'pg_read_all_stats')
                or r.oid = d.datdba
            )
    ),

    routine as (
        select p.oid, p.oid::regprocedure::text as name, p.proacl as acl
        from pg_catalog.pg_proc as p
        where p.pronamespace = 'pg_catalog'::regnamespace
            and (
                -- Statistics. Even those of a session's own activity tell how many rows a function has read.
                starts_with(p.proname, 'pg_stat_')
                -- Locks, and the sessions that wait for them.
                or p.proname in (
                    'pg_lock_status', 'pg_blocking_pids', 'pg_safe_snapshot_blocking_pids',
                    'pg_isolation_test_session_is_blocked', 'pg_prepared_xact'
                )
                -- The sizes of tables and databases, and how much is written.
                or p.proname in (
                    'pg_relation_size', 'pg_table_size', 'pg_indexes_size',
                    'pg_total_relation_size', 'pg_database_size', 'pg_tablespace_size',
                    'pg_control_checkpoint', 'pg_control_system', 'pg_control_init',
                    'pg_control_recovery', 'pg_get_replication_slots'
                )
                or p.proname ~ '^pg_(current|last|get|available)_wal'
                or starts_with(p.proname, 'pg_wal')
                -- The functions that tell what a given login may do. Their forms without an argument for the login tell
                -- what the session's own login may do, and stay open.
                or (
                    (p.proname = 'pg_has_role' or p.proname ~ '^has_.*_privilege$')
                    and p.pronargs = (
                        select max(other.pronargs)
                        from pg_catalog.pg_proc as other
                        where other.proname = p.proname
                            and other.pronamespace = p.pronamespace
                    )
                )
            )
            -- Functions that the server itself has closed to everybody are left out.
            and (
                p.proacl is null
                or exists (
                    select
                    from aclexplode(p.proacl) as granted
                    inner join holder on granted.grantee = holder.oid
                )
                or has_function_privilege('public', p.oid, 'EXECUTE')
            )
    ),

    relation as (
        select c.oid, c.oid::regclass::text as name, c.relacl as acl
        from pg_catalog.pg_class as c
        where c.relnamespace = 'pg_catalog'::regnamespace
            and (
                (c.relkind = 'v' and starts_with(c.relname, 'pg_stat'))
                or c.relname in (
                    'pg_class', 'pg_locks', 'pg_prepared_xacts', 'pg_roles', 'pg_user', 'pg_group',
                    'pg_auth_members', 'pg_db_role_setting', 'pg_shdepend', 'pg_replication_slots'
                )
            )
    ),

    -- The columns of pg_class that reveal no counts. Only the holders may read the other columns.
    harmless as (
        select string_agg(quote_ident(a.attname), ', ' order by a.attnum) as names
        from pg_catalog.pg_attribute as a
        where a.attrelid = 'pg_catalog.pg_class'::regclass
            and a.attnum > 0
            and not a.attisdropped
            and a.attname not in (
                'relpages', 'reltuples', 'relallvisible', 'relallfrozen', 'relfrozenxid',
                'relminmxid'
            )
    ),

    -- The owner gets each right with the option to grant it to roles that later migrations create.
    lacking as (
        select closed.name, closed.right_on, holder.name as who, holder.is_owner
        from (
            select name, 'execute on function ' || name as right_on, 'EXECUTE' as privilege, acl
            from routine
            union all
            select name, 'select on ' || name, 'SELECT', acl
            from relation
        ) as closed
        cross join holder
        where not exists (
            select
            from aclexplode(closed.acl) as granted
            where granted.grantee = holder.oid
                and granted.privilege_type = closed.privilege
                and (granted.is_grantable or not holder.is_owner)
        )
    ),

    needed as (
        select
            1 as place,
            name,
            'grant ' || right_on || ' to ' || string_agg(who, ', ' order by who)
            || case when is_owner then ' with grant option' else '' end as statement
        from lacking
        group by name, right_on, is_owner
        union all
        select 2, name, 'revoke execute on function ' || name || ' from public'
        from routine
        where has_function_privilege('public', oid, 'EXECUTE')
        union all
        select 2, name, 'revoke select on ' || name || ' from public'
        from relation
        where name <> 'pg_class' and has_table_privilege('public', oid, 'SELECT')
        union all
        -- Versions before the log of plans took this language from everybody.
        select 1, 'plpgsql', 'grant usage on language plpgsql to public'
        where not has_language_privilege('public', 'plpgsql', 'USAGE')
        union all
        select
            2,
            'pg_class',
            'revoke select on pg_class from public; grant select ('
            || harmless.names || ') on pg_class to public'
        from harmless
        where has_column_privilege('public', 'pg_catalog.pg_class', 'reltuples', 'SELECT')
    )

select statement || ';', null, null
from needed
order by place, name
