-- The statements that make the server log what is read. Every login in the warehouse's database is logged, whatever its name and
-- whoever created it, except the stages, whose work is that of the pipeline. The query returns one row for each statement that
-- is still needed. If the statement sets a login back that was altered, the row names the login and what was altered. An
-- administrator of the server runs the statements in the warehouse's database.
with
    warehouse as (
        select oid, quote_ident(datname) as name from pg_catalog.pg_database where datname = current_database()
    ),

    -- What is logged of every login, and of a stage. The plans name the relations that the server has read. They have no counts,
    -- because a session can have its own plans shown, and no parameters: those are logged with the statement.
    setting (name, everybody, stage) as (
        values
        ('log_statement', 'all', 'none'),
        ('log_parameter_max_length', '256', null),
        ('auto_explain.log_min_duration', '0', '-1'),
        ('auto_explain.log_format', 'json', null),
        ('auto_explain.log_level', 'log', null),
        ('auto_explain.log_verbose', 'on', null),
        ('auto_explain.log_nested_statements', 'on', null),
        ('auto_explain.log_analyze', 'off', null),
        ('auto_explain.log_settings', 'off', null),
        ('auto_explain.log_parameter_max_length', '0', null),
        ('auto_explain.sample_rate', '1', null)
        union all
        -- If the server has it, it also names the relations of statements that fail.
        select audited.*
        from (
            values
            ('pgaudit.log', 'read, write, function, misc', 'none'),
            ('pgaudit.log_relation', 'on', null),
            ('pgaudit.log_catalog', 'off', null),
            ('pgaudit.log_level', 'log', null)
        ) as audited (name, everybody, stage)
        where exists (select from pg_catalog.pg_settings as known where known.name = 'pgaudit.log')
    ),

    -- A setting of a login, everywhere or only in this database. It overrides that of the database.
    of_login as (
        select
            r.oid,
            r.rolname,
            'alter role ' || quote_ident(r.rolname) || case when s.setdatabase = 0 then '' else ' in database ' || w.name end as login,
            split_part(one, '=', 1) as setting,
            substr(one, strpos(one, '=') + 1) as value
        from pg_catalog.pg_db_role_setting as s
        inner join pg_catalog.pg_roles as r on s.setrole = r.oid
        cross join warehouse as w
        cross join unnest(s.setconfig) as one
        where s.setdatabase in (0, w.oid) and not r.rolsuper
    ),

    stage as (
        select r.oid, r.rolname
        from pg_catalog.pg_roles as r
        where r.rolname in (
            'oic_landing', 'oic_transform', 'oic_gate', 'oic_publish', 'oic_erasure', 'oic_audit',
            'oic_worklist', 'oic_rekey', 'oic_signoff', 'oic_review', 'general_processing',
            'law_enforcement_processing'
        )
    ),

    needed as (
        select 'alter database ' || w.name || ' set ' || s.name || ' = ' || quote_literal(s.everybody) as statement,
            null::name as login, null::text as altered
        from setting as s
        cross join warehouse as w
        where not exists (
            select
            from pg_catalog.pg_db_role_setting as given
            where given.setrole = 0 and given.setdatabase = w.oid and s.name || '=' || s.everybody = any (given.setconfig)
        )
        union all
        select 'alter role ' || quote_ident(r.rolname) || ' set ' || s.name || ' = ' || quote_literal(s.stage), null, null
        from stage as r
        cross join setting as s
        where s.stage is not null
            and not exists (
                select from of_login as given
                where given.oid = r.oid and given.setting = s.name and given.value = s.stage
            )
        union all
        select given.login || ' reset ' || given.setting, given.rolname, given.setting || ' set to ' || given.value
        from of_login as given
        inner join setting as s on given.setting = s.name
        where given.value is distinct from s.everybody
            and given.oid not in (select oid from stage)
        union all
        -- Nobody but an administrator may change what is logged.
        select 'revoke all on parameter ' || p.parname || ' from ' || granted.grantee::regrole::text, null, null
        from pg_catalog.pg_parameter_acl as p
        cross join aclexplode(p.paracl) as granted
        inner join setting as s on p.parname = s.name
        inner join pg_catalog.pg_roles as r on granted.grantee = r.oid
        where not r.rolsuper
    )

select distinct statement || ';', login::text, altered
from needed
order by 1
