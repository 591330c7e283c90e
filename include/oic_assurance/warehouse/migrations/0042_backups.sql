-- Which back-ups were made, and when a restore was last proven.

create table audit.backup (
    backup_id bigint generated always as identity primary key,
    made_at timestamptz not null,
    folder text not null,
    sha256 text not null unique check (sha256 ~ '^[0-9a-f]{64}$'),
    parts jsonb not null,
    size_bytes bigint not null check (size_bytes >= 0),
    batches integer not null check (batches >= 0),
    missing integer not null check (missing >= 0),
    code_version text not null,
    is_encrypted boolean not null
);
comment on table audit.backup is
'One row per back-up that was made. A restored warehouse has no row for the back-up that it comes from.';
comment on column audit.backup.folder is 'Where the back-up was written.';
comment on column audit.backup.sha256 is 'SHA-256 of the manifest, which identifies the whole back-up.';
comment on column audit.backup.parts is 'The SHA-256 of each file, by its name, as it is on the disk.';
comment on column audit.backup.missing is 'How many archived files were missing when it was made.';

create table audit.restore_drill (
    drill_id bigint generated always as identity primary key,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    backup_made_at timestamptz,
    started_at timestamptz not null,
    finished_at timestamptz not null check (finished_at >= started_at),
    batches integer,
    publication_id bigint,
    publication_as_at timestamptz,
    content_fingerprint text,
    failure text,
    -- A restore is proven only if everything that proves it is known.
    is_proven boolean not null generated always as (
        failure is null and batches is not null and content_fingerprint is not null
    ) stored
);
comment on table audit.restore_drill is
'One row per drill: a back-up was restored to a scratch place, its batches were compared with raw, and its current '
'publication was computed again.';
comment on column audit.restore_drill.sha256 is 'SHA-256 of the back-up that was restored.';
comment on column audit.restore_drill.batches is 'How many batches agreed with the restored archive.';
comment on column audit.restore_drill.content_fingerprint is
'The fingerprint of the publication''s tables. It was the same in the restored tables and when they were computed again.';
comment on column audit.restore_drill.failure is 'Why the restore is not proven. Blank if it is proven.';

grant select, insert on audit.backup, audit.restore_drill to oic_publish;
grant select on audit.backup, audit.restore_drill to oic_landing, oic_transform, oic_gate, oic_audit;

-- One drill at a time uses the scratch place of a state folder.
insert into locks.taker (lock_kind, stage) values ('drill', 'oic_publish');
insert into locks.lock (lock_name) values ('drill');
