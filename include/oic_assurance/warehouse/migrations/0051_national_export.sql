-- Which publication the national view was last told of. Without this, an export that failed would show nowhere, and the
-- national view would go on showing a figure that the force has rolled back: docs/how-to/national-view.md.

create table audit.national_export (
    export_id bigint generated always as identity primary key,
    publication_id bigint not null,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    outcome text not null default 'running' check (outcome in ('running', 'done', 'failed')),
    message text check (btrim(message) <> ''),
    check ((outcome = 'running') = (ended_at is null)),
    check (outcome <> 'failed' or message is not null)
);
comment on table audit.national_export is
'One row per export of the published aggregates for the national view: which publication, and how the export ended.';
comment on column audit.national_export.outcome is
'done, failed, or running. An export that is still running after an hour was killed.';
comment on column audit.national_export.message is 'Why the export failed. Blank if it did not.';

grant select, insert, update (ended_at, outcome, message) on audit.national_export to oic_publish;
grant select on audit.national_export to oic_gate;
