-- The statements that set with what each session in the warehouse's database begins, so that a run and a query take as long on
-- every server. The query returns one row for each statement that is still needed. If somebody has altered a setting, the row names
-- the login whose setting it is, or '' for the database, and what was altered. The owner of the database may run the statements that
-- concern the database. What belongs to a server alone, such as the memory that all sessions share, is in docs/how-to/run-it.md#tune-the-server.
with
    warehouse as (
        select oid, quote_ident(datname) as name from pg_catalog.pg_database where datname = current_database()
    ),

    setting (name, value) as (
        values
        -- A run has thousands of short statements. Compiling one takes longer than it saves, by minutes for a query of many rules.
        ('jit', 'off'),
        -- A build sorts and joins whole tables, several at the same time. Readers have a limit of their own (limits.setting).
        ('work_mem', '32MB'),
        -- A build makes indexes.
        ('maintenance_work_mem', '128MB'),
        -- A build runs several statements at the same time already, and parallel queries need shared memory, of which a container
        -- has little (/dev/shm).
        ('max_parallel_workers_per_gather', '0'),
        -- What is read by an index is in memory, or on a disk without moving parts.
        ('random_page_cost', '1.1')
    ),

    -- What the database begins with, and each login of the pipeline, everywhere or only in this database. What a reader's login
    -- has set for itself is for limits.sql to decide.
    given as (
        select
            coalesce(r.rolname, '') as login,
            'alter role ' || quote_ident(r.rolname) || case when s.setdatabase = 0 then '' else ' in database ' || w.name end as altering,
            split_part(one, '=', 1) as name,
            substr(one, strpos(one, '=') + 1) as value
        from pg_catalog.pg_db_role_setting as s
        cross join warehouse as w
        left join pg_catalog.pg_roles as r on s.setrole = r.oid
        cross join unnest(s.setconfig) as one
        where (s.setrole = 0 and s.setdatabase = w.oid)
            or (s.setdatabase in (0, w.oid) and not r.rolsuper and r.rolcanlogin and not limits.is_reader(r.oid))
    )

select
    'alter database ' || w.name || ' set ' || s.name || ' = ' || quote_literal(s.value) || ';' as statement,
    case when g.value is not null then '' end as login,
    s.name || ' ' || g.value || ' instead of ' || s.value as altered
from setting as s
cross join warehouse as w
left join given as g on g.login = '' and s.name = g.name
where g.value is distinct from s.value
union all
select
    g.altering || ' reset ' || g.name || ';',
    g.login::text,
    g.name || ' ' || g.value || ' instead of ' || s.value
from given as g
inner join setting as s on g.name = s.name
where g.login <> '' and g.value <> s.value
order by 1
