-- A person who looks around in the warehouse has a login of their own, for one reason and some hours (`assurance db look`). It reads
-- what the gate reads, cannot write, and is logged like every login that is not a stage's.

do $role$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'assurance_looker') then
        begin
            create role assurance_looker;
        exception
            when duplicate_object or unique_violation then null;
        end;
    end if;
    execute format('grant connect on database %I to assurance_looker', current_database());
end
$role$;

do $rights$
declare
    statement text;
begin
    for statement in
        select format('grant usage on schema %I to assurance_looker', n.nspname)
        from pg_catalog.pg_namespace as n
        where n.nspname !~ '^pg_|^information_schema$' and has_schema_privilege('oic_gate', n.oid, 'USAGE')
        union all
        select format('grant select on %s to assurance_looker', c.oid::regclass)
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
        where c.relkind in ('r', 'p', 'v', 'm')
            and n.nspname !~ '^pg_|^information_schema$'
            and has_table_privilege('oic_gate', c.oid, 'SELECT')
        union all
        select format(
            'alter default privileges for role %I %s grant %s to assurance_looker',
            pg_get_userbyid(d.defaclrole),
            coalesce('in schema ' || quote_ident(n.nspname), ''),
            case d.defaclobjtype when 'r' then 'select on tables' else 'usage on schemas' end
        )
        from pg_catalog.pg_default_acl as d
        left join pg_catalog.pg_namespace as n on d.defaclnamespace = n.oid
        where d.defaclobjtype in ('r', 'n')
            and exists (
                select from aclexplode(d.defaclacl) as granted
                where granted.grantee = 'oic_gate'::regrole and granted.privilege_type in ('SELECT', 'USAGE')
            )
    loop
        execute statement;
    end loop;
end
$rights$;
grant bi_reader to assurance_looker with inherit true, set false;
