-- How long each stage of a run took, and how many rows it wrote: for the metrics, and for whoever asks why a run was
-- slow. A stage that was repeated has one row, about its last attempt.
create table audit.stage (
    run_id text not null,
    stage text not null,
    dataset text not null default '',
    started_at timestamptz not null,
    finished_at timestamptz not null check (finished_at >= started_at),
    succeeded boolean not null,
    rows bigint check (rows >= 0),
    primary key (run_id, stage, dataset)
);
comment on table audit.stage is
'One row per stage of a run that has ended, and for the extraction one row per dataset.';
comment on column audit.stage.dataset is 'The dataset that was extracted. Blank for the other stages.';
comment on column audit.stage.rows is
'How many rows the stage wrote. Null if it writes none, or if it failed.';

grant select, insert, update on audit.stage to oic_transform;
grant select on audit.stage to oic_landing, oic_gate, oic_publish, oic_audit;
