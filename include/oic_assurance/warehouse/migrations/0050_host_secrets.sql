-- Which keys each host has, as keyed hashes. A host with another key of erasures would not recognise erased records, and
-- nothing else would show it: docs/how-to/doctor.md compares the hosts.

create table audit.host_secret (
    host text not null check (btrim(host) <> ''),
    secret text not null check (secret ~ '^[a-z0-9_]+$'),
    mark text not null check (mark ~ '^[0-9a-f]{16}$'),
    seen_at timestamptz not null default clock_timestamp(),
    primary key (host, secret)
);
comment on table audit.host_secret is
'One row per host and key: a keyed hash of the key with which the host did its last stage. Rows of two days ago are deleted.';
comment on column audit.host_secret.secret is 'The name of the key.';
comment on column audit.host_secret.mark is 'A keyed hash that identifies the key and does not reveal it.';

grant select, insert, update, delete on audit.host_secret to oic_transform;
