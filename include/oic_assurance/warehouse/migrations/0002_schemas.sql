-- The stages' places, in the order a record passes them, and who may look into which. Tables that
-- a stage makes later are readable by whom the place is for: that is what the default privileges say.

create schema raw_general authorization oic_landing;
create schema raw_law_enforcement authorization oic_landing;
create schema identity;
create schema policy authorization oic_transform;
create schema staging_general authorization oic_transform;
create schema staging_law_enforcement authorization oic_transform;
create schema intermediate authorization oic_transform;
create schema generation authorization oic_publish;
create schema marts authorization oic_publish;
create schema public_release authorization oic_publish;

-- `audit` is there already: the record of migrations is kept in it.
grant usage on schema audit to oic_landing, oic_transform, oic_gate, oic_publish;
grant usage on schema identity to oic_landing, oic_transform;
comment on schema audit is
'What was run, landed, rejected, checked and published. Stages add to it and do not take away.';
comment on schema identity is
'Keyed pseudonyms of officer numbers: the only place where a number stands beside its key.';

-- Nothing that anybody makes is for everybody.
alter default privileges revoke execute on functions from public;

set local role oic_landing;
comment on schema raw_general is
'Personnel, units, training, plans: every version of every landed record, for general processing.';
comment on schema raw_law_enforcement is
'Operational and intelligence records without narratives: every landed version (DPA 2018 Part 3).';
alter default privileges revoke execute on functions from public;
grant usage on schema raw_general, raw_law_enforcement to oic_transform, oic_gate;
grant usage on schema raw_general to general_processing;
grant usage on schema raw_law_enforcement to law_enforcement_processing;
alter default privileges in schema raw_general, raw_law_enforcement
grant select on tables to oic_transform, oic_gate;
alter default privileges in schema raw_general grant select on tables to general_processing;
alter default privileges in schema raw_law_enforcement
grant select on tables to law_enforcement_processing;
reset role;

-- The gate reads whatever transform builds, in whichever schema: candidates come and go.
set local role oic_transform;
comment on schema policy is 'Rules with effective dates and an approver, loaded from dbt seeds.';
comment on schema staging_general is
'The version of each general record that stands as at the build''s moment, renamed and typed.';
comment on schema staging_law_enforcement is
'The version of each law-enforcement record that stands as at the build''s moment.';
comment on schema intermediate is 'The rules, each in one place. Mixes both purposes: no person reads it.';
alter default privileges revoke execute on functions from public;
alter default privileges grant usage on schemas to oic_gate;
alter default privileges grant select on tables to oic_gate;
grant usage on schema policy, staging_general, staging_law_enforcement, intermediate to oic_gate;
grant usage on schema staging_general to general_processing;
grant usage on schema staging_law_enforcement to law_enforcement_processing;
alter default privileges in schema staging_general grant select on tables to general_processing;
alter default privileges in schema staging_law_enforcement
grant select on tables to law_enforcement_processing;
reset role;

-- Earlier figures are compared with new ones, so transform and the gate read what was published.
set local role oic_publish;
comment on schema generation is
'Published generations, a table a mart and publication. Read them through marts and public_release.';
comment on schema marts is 'The public face that BI tools build on: the current publication.';
comment on schema public_release is
'What may leave the building: aggregated, suppressed, without keys.';
alter default privileges revoke execute on functions from public;
grant usage on schema generation, marts, public_release to oic_transform, oic_gate;
grant usage on schema marts to bi_reader;
grant usage on schema public_release to public_reader;
alter default privileges in schema generation, marts, public_release
grant select on tables to oic_transform, oic_gate;
alter default privileges in schema marts grant select on tables to bi_reader;
alter default privileges in schema public_release grant select on tables to public_reader;
reset role;
