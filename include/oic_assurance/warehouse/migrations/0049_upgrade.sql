-- Which version of the code has changed the warehouse, and when. Every login of the pipeline may read which migrations the
-- warehouse has, so that a command of another version is refused before it reads or writes anything else.

set local role oic_audit_keeper;
create table audit.upgrade (
    upgrade_id bigint generated always as identity primary key,
    version text not null,
    newest_migration text not null,
    noted_at timestamptz not null default clock_timestamp()
);
comment on table audit.upgrade is
'One row each time that a version of the code first used the warehouse, or added migrations to it.';
comment on column audit.upgrade.version is 'The version of the package.';
comment on column audit.upgrade.newest_migration is 'The last migration that the warehouse had then.';

grant usage on schema audit to oic_worklist;
grant select on audit.schema_migration, audit.upgrade to
oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure, oic_audit, oic_worklist, oic_rekey, oic_review, oic_signoff,
general_processing, law_enforcement_processing;
reset role;
-- The owner migrates, and so notes the version. It does not own the table.
grant select, insert on audit.upgrade to current_user;
