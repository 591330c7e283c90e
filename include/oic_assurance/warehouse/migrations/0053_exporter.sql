-- Which deployment each force's exports come from, for the national warehouse. Without this, a second deployment with the
-- code of the same force replaced its figures without a word: docs/how-to/national-view.md.

create table audit.exporter (
    exporter_id bigint generated always as identity primary key,
    force_code text not null,
    reporting_force_code text not null,
    key_sha256 text not null check (key_sha256 ~ '^[0-9a-f]{64}$'),
    host text not null,
    trusted_at timestamptz not null default clock_timestamp(),
    trusted_by text check (btrim(trusted_by) <> ''),
    reason text check (btrim(reason) <> ''),
    check ((trusted_by is null) = (reason is null))
);
comment on table audit.exporter is
'One row per key that a force was known by. The newest row of a force counts: exports with another key are refused.';
comment on column audit.exporter.key_sha256 is 'The SHA-256 of the public key that signs the manifests of the force.';
comment on column audit.exporter.host is 'The host that the first export with the key was made on.';
comment on column audit.exporter.trusted_by is
'The login of the person who trusts the key. Blank if it came with the first signed export of the force.';

grant select, insert on audit.exporter to oic_landing;
grant select on audit.exporter to oic_gate;
