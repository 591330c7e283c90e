-- What a build has to pass is on record before any gate has looked at it: that every suite ran is not for
-- the gate to say. And the candidate is one build's at a time.

create table audit.due_check (
    build_id bigint not null references audit.build (build_id),
    stage text not null check (stage in ('landing', 'dbt', 'marts', 'sealed')),
    suite text not null,
    expectation text not null,
    entered_at timestamptz not null default clock_timestamp(),
    primary key (build_id, stage, suite, expectation)
);
comment on table audit.due_check is
'What must be checked of a build before it is published, entered before it is. Nothing is taken off it.';
comment on column audit.due_check.suite is 'The suite; empty for a test of dbt, whose own name is enough.';
grant insert on audit.due_check to oic_transform, oic_gate;

create table audit.tested_table (
    build_id bigint not null references audit.build (build_id),
    schema_name text not null,
    table_name text not null,
    rows bigint not null,
    fingerprint text not null,
    tested_at timestamptz not null default clock_timestamp(),
    primary key (build_id, schema_name, table_name)
);
comment on table audit.tested_table is
'What a candidate table held when dbt had tested it: the gate must have audited the same.';
grant insert, update on audit.tested_table to oic_transform;

alter table audit.build add column candidate_since timestamptz;
comment on column audit.build.candidate_since is
'Since when the candidate is this build''s, until another has a later time here.';
grant update (candidate_since) on audit.build to oic_transform;

grant select on audit.due_check, audit.tested_table
to oic_landing, oic_transform, oic_gate, oic_publish;
