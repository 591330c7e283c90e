-- Each stage has a login of its own, and the owner of the warehouse only migrates. Before this file
-- runs, `warehouse/roles.py` has made the logins and the keepers. When it ends, `oic_identity_keeper`
-- owns schema `identity`, and `oic_audit_keeper` owns everything else that the owner owned. Nobody logs in
-- as a keeper. docs/decisions/0024-a-login-a-stage.md says why.

-- The owner reads the evidence and what `bi_reader` reads. The command that gives people access makes
-- roles and records who may read what. Only the owner can make these roles, so the owner runs it.
grant usage on schema audit to current_user;
grant select on all tables in schema audit to current_user;
grant insert on audit.access_change to current_user;
do $reader$
begin
    if pg_has_role(current_user, 'bi_reader', 'MEMBER WITH ADMIN OPTION')
        and not pg_has_role(current_user, 'bi_reader', 'USAGE')
    then
        execute format('grant bi_reader to %I with inherit true, set false', current_user);
    end if;
end
$reader$;

-- What a keeper makes is for nobody, except that every stage reads the evidence.
alter default privileges for role oic_audit_keeper, oic_identity_keeper
revoke execute on functions from public;
alter default privileges for role oic_audit_keeper in schema audit
grant select on tables to oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure, current_user;
alter default privileges in schema audit grant select on tables to current_user;

-- A view in schema `audit` reads the publications with the rights of its owner.
set local role oic_publish;
grant usage on schema marts to oic_audit_keeper;
grant select on marts.publication to oic_audit_keeper;
reset role;

-- After an erasure the owner rewrites tables and clears the planner's samples. That needs the names of
-- the tables, and no right to read them.
do $names$
declare
    migrator constant text := current_user;
    place record;
begin
    for place in
        select n.nspname as name, r.rolname as owner
        from pg_catalog.pg_namespace as n
        inner join pg_catalog.pg_roles as r on n.nspowner = r.oid
        where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public')
            and pg_has_role(migrator, n.nspowner, 'SET')
    loop
        execute format('set local role %I', place.owner);
        execute format('grant usage on schema %I to %I', place.name, migrator);
    end loop;
    reset role;
    execute format(
        'alter default privileges for role oic_transform grant usage on schemas to %I', migrator
    );
end
$names$;
