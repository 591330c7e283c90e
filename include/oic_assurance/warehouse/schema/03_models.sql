-- The schemas that dbt builds in. What dbt makes is no part of this schema.

create schema policy authorization oic_transform;
create schema staging_general authorization oic_transform;
create schema staging_law_enforcement authorization oic_transform;
create schema intermediate authorization oic_transform;
comment on schema policy is 'Rules with effective dates and an approver, loaded from dbt seeds.';
comment on schema staging_general is
'The version of each general record that stands as at the build''s moment, renamed and typed.';
comment on schema staging_law_enforcement is
'The version of each law-enforcement record that stands as at the build''s moment.';
comment on schema intermediate is 'The rules, each in one place. Mixes both purposes: no person reads it.';
set local role oic_transform;
grant usage on schema policy, intermediate to oic_gate, assurance_looker;
grant usage on schema staging_general to oic_gate, general_processing, assurance_looker;
grant usage on schema staging_law_enforcement to oic_gate, law_enforcement_processing, assurance_looker;
-- The gate reads whatever dbt builds, in whichever schema: candidates come and go.
alter default privileges grant usage on schemas to oic_gate, assurance_looker;
alter default privileges grant select on tables to oic_gate, assurance_looker;
alter default privileges in schema staging_general grant select on tables to general_processing;
alter default privileges in schema staging_law_enforcement grant select on tables to law_enforcement_processing;
reset role;
