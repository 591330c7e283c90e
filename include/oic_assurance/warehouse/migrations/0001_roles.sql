-- Who acts: four stages that the pipeline's login assumes one at a time, two purposes for people who
-- look into records, two logins that read what is published. Roles belong to the whole server, so one
-- that is there already (another warehouse's, or an administrator's) is used as it is.

do $roles$
declare
    wanted text;
begin
    foreach wanted in array array[
        'oic_landing', 'oic_transform', 'oic_gate', 'oic_publish',
        'general_processing', 'law_enforcement_processing',
        'bi_reader', 'public_reader'
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

-- The login owns the warehouse, so it sees what each stage sees; the pipeline's connections become one
-- stage each, and then have that one's rights alone.
do $stages$
declare
    stage text;
begin
    foreach stage in array array['oic_landing', 'oic_transform', 'oic_gate', 'oic_publish']
    loop
        if not (pg_has_role(current_user, stage, 'SET') and pg_has_role(current_user, stage, 'USAGE'))
        then
            execute format('grant %I to current_user with set true, inherit true', stage);
        end if;
    end loop;
    -- Publishing takes over the tables that transform has built.
    if not pg_has_role('oic_publish', 'oic_transform', 'USAGE') then
        grant oic_transform to oic_publish with inherit true;
    end if;
end
$stages$;

-- Several statements of a reader's transaction see one publication, and none of them writes.
do $readers$
declare
    reader record;
begin
    for reader in
        select *
        from (values ('bi_reader', 'marts'), ('public_reader', 'public_release')) as r (name, place)
    loop
        if pg_has_role(current_user, reader.name, 'MEMBER WITH ADMIN OPTION') then
            execute format('alter role %I login', reader.name);
            execute format('alter role %I set default_transaction_read_only = on', reader.name);
            execute format(
                'alter role %I set default_transaction_isolation = %L',
                reader.name, 'repeatable read'
            );
            execute format('alter role %I set search_path = %I', reader.name, reader.place);
        elsif not exists (
            select
            from pg_catalog.pg_roles
            where rolname = reader.name
                and rolcanlogin
                and rolconfig @> array[
                    'default_transaction_read_only=on',
                    'default_transaction_isolation=repeatable read'
                ]
        ) then
            raise exception
                'the role % belongs to somebody else and is not a reader yet: an administrator must run '
                'alter role % login; alter role % set default_transaction_read_only = on; '
                'alter role % set default_transaction_isolation = ''repeatable read''',
                reader.name, reader.name, reader.name, reader.name;
        end if;
    end loop;
end
$readers$;

do $database$
begin
    execute format('revoke all on database %I from public', current_database());
    execute format(
        'grant connect on database %I to bi_reader, public_reader, '
        'general_processing, law_enforcement_processing', current_database()
    );
    execute format(
        'grant connect, temporary on database %I to oic_landing, oic_transform, oic_gate, oic_publish',
        current_database()
    );
    -- dbt makes its own schemas, a set of them for each purpose of a build.
    execute format('grant create on database %I to oic_transform', current_database());
end
$database$;

revoke all on schema public from public;
