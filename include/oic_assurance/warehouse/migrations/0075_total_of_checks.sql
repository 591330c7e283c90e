-- How many checks a build has passed and failed is counted here only. Every screen, page and dashboard reads it from here, or
-- from the publication that the build became.

create view audit.gate_total with (security_invoker = true) as
select build_id, count(*) as checks, count(*) filter (where not success) as checks_failed,
    count(*) filter (where stage <> 'dbt') as by_great_expectations,
    count(*) filter (where stage = 'dbt') as by_postgresql_and_dbt
from audit.latest_expectation_result
group by build_id;
comment on view audit.gate_total is
'One row per build: how many checks have a result, how many failed, and how many were made by Great Expectations, or enforced by constraints of PostgreSQL and tests of dbt.';
grant select on audit.gate_total to oic_gate, oic_publish, assurance_person;

set local role oic_publish;
alter table marts.publication
add column checks bigint,
add column checks_failed bigint;
comment on column marts.publication.checks is
'How many checks the publication went through: all of Great Expectations, and all that PostgreSQL and dbt enforce.';
comment on column marts.publication.checks_failed is
'How many of the checks failed. None of them is critical: with a failed critical check, nothing is published.';
update marts.publication as made
set checks = total.checks, checks_failed = total.checks_failed
from audit.gate_total as total
where total.build_id = made.publication_id;
reset role;
