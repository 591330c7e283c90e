-- What is published. Publishing makes a partitioned table in schema `marts` for each mart, and one of its generations in schema
-- `generation` for each publication. Here is the list of publications, which everything else refers to.

create schema generation authorization oic_publish;
create schema marts authorization oic_publish;
create schema public_draft authorization oic_publish;
comment on schema generation is
'Published generations, a table a mart and publication. Read them through marts and public_release.';
comment on schema marts is 'The public face that BI tools build on: the current publication.';
comment on schema public_draft is
'What each publication could release to the public. It has not left, and no reader reads it.';
set local role oic_publish;
grant usage on schema generation, public_draft to oic_transform, oic_gate, assurance_looker;
grant usage on schema
    marts
to oic_transform, oic_gate, oic_audit, oic_audit_keeper, oic_audience, bi_reader, assurance_person, assurance_looker;
reset role;

-- Tables

set local role oic_publish;
create table marts.publication (
    publication_id bigint primary key,
    force_code text not null,
    published_at timestamptz not null default clock_timestamp(),
    as_at timestamptz not null,
    code_version text,
    input_fingerprint text,
    content_fingerprint text,
    gate_verdict text not null check (gate_verdict in ('passed', 'warning')),
    is_current boolean not null default false,
    withdrawn_at timestamptz,
    withdrawn_because text,
    kept_because text check (btrim(kept_because) <> ''),
    checks bigint,
    checks_failed bigint,
    constraint publication_withdrawal_check check ((withdrawn_at is null) = (withdrawn_because is null))
);
comment on table marts.publication is
'Every publication. The current one is what readers see; after a roll-back it is not the newest.';
comment on column marts.publication.publication_id is 'Stands in every row of every mart.';
comment on column marts.publication.force_code is 'ONS police force area code.';
comment on column marts.publication.published_at is
'When it was made. Readers saw it from then on, unless it had to wait behind a roll-back.';
comment on column marts.publication.as_at is 'The moment in the world that the figures are for.';
comment on column marts.publication.code_version is 'The version of the code that computed it.';
comment on column marts.publication.input_fingerprint is 'Of the batches that it could see.';
comment on column marts.publication.content_fingerprint is 'Of the tables that were published.';
comment on column marts.publication.gate_verdict is 'passed, or warning: then the marts carry a caveat.';
comment on column marts.publication.is_current is 'Whether this is the publication that readers see.';
comment on column marts.publication.withdrawn_at is 'When it was taken back, if it was and still is.';
comment on column marts.publication.withdrawn_because is 'Why it was taken back.';
comment on column marts.publication.kept_because is
'Why the publication did not become current when it was made, although nothing held it: it is for an earlier moment. Blank for all others.';
comment on column marts.publication.checks is
'How many checks the publication went through: all of Great Expectations, and all that PostgreSQL and dbt enforce.';
comment on column marts.publication.checks_failed is
'How many of the checks failed. None of them is critical: with a failed critical check, nothing is published.';

reset role;

-- Indexes

set local role oic_publish;
create unique index publication_current on marts.publication (is_current) where is_current;
reset role;

-- Functions

set local role oic_publish;
create function public_draft.current_publication() returns bigint
language sql stable security definer
set search_path = ''
begin atomic
select p.publication_id
from marts.publication as p
where p.is_current;
end;
comment on function public_draft.current_publication() is
'The publication that readers see: a number, and nothing else about it.';

reset role;

-- Grants

set local role oic_publish;
grant select on
    marts.publication
to oic_transform, oic_gate, oic_audit, oic_audit_keeper, bi_reader, assurance_person, assurance_looker;
grant execute on function public_draft.current_publication to oic_transform, oic_gate;
alter default privileges in schema generation, public_draft, marts
grant select on tables to oic_transform, oic_gate, assurance_looker;
alter default privileges in schema marts grant select on tables to bi_reader;
reset role;
