-- A publication is two steps: tables are attached where nobody sees them, then readers are shown them.
-- What is between the two is on record, so that a publication that was interrupted is taken up again.

create table audit.generation (
    build_id bigint primary key references audit.build (build_id),
    content_fingerprint text not null,
    attached_at timestamptz not null default clock_timestamp()
);
comment on table audit.generation is
'Generations whose tables were attached; readers see one when the pointer has been moved to it.';
comment on column audit.generation.content_fingerprint is 'Of the tables, as they were attached.';
grant insert on audit.generation to oic_publish;
