-- Who acts. The logins of the stages and the keepers, who own what no login may change, are made before this file runs
-- (warehouse/roles.py). Here are the roles of readers and of people. Roles belong to the whole server, so one that is there
-- already, of another warehouse or of an administrator, is used as it is.

do $roles$
declare
    wanted text;
begin
    foreach wanted in array array[
        'bi_reader', 'supervisor_reader', 'commissioner_reader', 'assurance_looker', 'assurance_person',
        'person_assurance_lead', 'person_force_lead', 'person_force_owner', 'person_commissioner',
        'person_inspectorate', 'person_approver', 'person_reviewer'
    ]
    loop
        if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
            begin
                execute format('create role %I', wanted);
            exception
                -- Another warehouse on this server made it this very moment.
                when duplicate_object or unique_violation then null;
            end;
        end if;
    end loop;
end
$roles$;

-- Several statements of a reader's transaction see one publication, and none of them writes.
do $reader$
begin
    if pg_has_role(current_user, 'bi_reader', 'MEMBER WITH ADMIN OPTION') then
        alter role bi_reader login;
        alter role bi_reader set default_transaction_read_only = on;
        alter role bi_reader set default_transaction_isolation = 'repeatable read';
        alter role bi_reader set search_path = marts;
    elsif not exists (
        select
        from pg_catalog.pg_roles
        where rolname = 'bi_reader'
            and rolcanlogin
            and rolconfig @> array[
                'default_transaction_read_only=on', 'default_transaction_isolation=repeatable read'
            ]
    ) then
        raise exception
            'the role bi_reader belongs to somebody else and is not a reader yet: an administrator must run '
            'alter role bi_reader login; alter role bi_reader set default_transaction_read_only = on; '
            'alter role bi_reader set default_transaction_isolation = ''repeatable read''';
    end if;
    -- The owner reads what `bi_reader` reads.
    if pg_has_role(current_user, 'bi_reader', 'MEMBER WITH ADMIN OPTION')
        and not pg_has_role(current_user, 'bi_reader', 'USAGE')
    then
        execute format('grant bi_reader to %I with inherit true, set false', current_user);
    end if;
end
$reader$;
-- A person who looks around in the warehouse has a login of their own, for one reason and some hours (`assurance db look`). It
-- reads what the gate and `bi_reader` read, and is logged like every login that is not a stage's.
grant bi_reader to assurance_looker with inherit true, set false;

do $database$
begin
    execute format('revoke all on database %I from public', current_database());
    execute format(
        'grant connect on database %I to bi_reader, general_processing, law_enforcement_processing, '
        'supervisor_reader, commissioner_reader, oic_audience, oic_identity, oic_worklist, assurance_person, '
        'assurance_looker', current_database()
    );
    execute format(
        'grant connect, temporary on database %I to oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure, '
        'oic_audit, oic_rekey, oic_signoff, oic_review', current_database()
    );
    -- dbt makes its own schemas, a set of them for each purpose of a build.
    execute format('grant create on database %I to oic_transform', current_database());
    -- As long as a session stays in a transaction, no generation that it could look at is set aside, and no dead row is
    -- cleaned up. So one that was forgotten is ended, of whatever login.
    execute format('alter database %I set idle_in_transaction_session_timeout = %L', current_database(), '12h');
end
$database$;
revoke all on schema public from public;

-- Nothing that anybody makes is for everybody.
alter default privileges revoke execute on functions from public;
alter default privileges for role
    oic_landing, oic_transform, oic_publish, oic_audit_keeper, oic_identity_keeper, oic_audience, oic_identity
revoke execute on functions from public;
