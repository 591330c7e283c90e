-- What is so now is a set of views in schema `state`. They are remade whenever the code that defines them changes
-- (oic_assurance/state), so here is only what they cannot compute: what a run and the watch have measured, the settings of the
-- deployment, and when each archived batch was last compared with raw.
-- docs/decisions/0068-state-is-a-set-of-views.md says why.

create table audit.observation (
    problem_code text not null,
    subject text not null,
    host text not null,
    state text not null check (state in ('ok', 'advice', 'attention', 'failed', 'unknown')),
    what text not null,
    todo text not null,
    amount double precision,
    since timestamptz not null,
    observed_at timestamptz not null,
    primary key (problem_code, subject, host)
);
comment on table audit.observation is
'One row per thing that SQL cannot see and that a run, the watch or `assurance doctor` has last measured on a host.';
comment on column audit.observation.problem_code is 'The kind of problem that it is if something is wrong.';
comment on column audit.observation.state is
'ok; advice: it works, and could be better; attention or failed: it is a problem; unknown: it could not be measured.';
comment on column audit.observation.amount is
'A number for monitoring: the end of a certificate in Unix time, the free bytes of a disk. Blank for others.';
comment on column audit.observation.since is 'Since when the state is the same.';

create table audit.setting (
    name text primary key,
    value text not null
);
comment on table audit.setting is 'The settings of the deployment that decide what is a problem. No secret.';

create table audit.archive_proof (
    batch_id bigint primary key references audit.batch (batch_id) on delete cascade,
    proven_at timestamptz not null default clock_timestamp(),
    disagreement text check (btrim(disagreement) <> '')
);
comment on table audit.archive_proof is
'One row per archived batch that was compared with raw: when it was last, and the first thing that did not agree.';

grant select, insert, update, delete on audit.observation, audit.setting to oic_gate;
grant select, insert, update on audit.archive_proof to oic_landing;
grant select on audit.archive_proof, audit.processing_head to oic_gate;

create schema state authorization oic_gate;
grant usage on schema state to current_user, oic_audit, assurance_person, bi_reader;
