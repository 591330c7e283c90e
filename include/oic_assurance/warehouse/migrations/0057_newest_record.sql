-- The newest moment in the records that a build uses: the newest cursor value of a database at or before the as-at moment
-- (docs/decisions/0072-the-newest-record-is-no-extraction.md).

create table audit.newest_record (
    build_id bigint not null references audit.build (build_id),
    force_code text not null,
    dataset text not null,
    newest_at timestamptz not null,
    primary key (build_id, force_code, dataset)
);
comment on table audit.newest_record is
'One row per build and dataset from a database: the newest moment in the records that the build uses, by their own cursor.';

grant select on audit.newest_record to oic_landing, oic_transform, oic_gate, oic_publish;
grant insert on audit.newest_record to oic_transform;
