-- Which rows broke an expectation, each by its key: somebody has to find them to put them right.

create table audit.failing_row (
    result_id bigint not null references audit.expectation_result (result_id),
    position integer not null,
    row_key jsonb not null,
    primary key (result_id, position)
);
comment on table audit.failing_row is
'The keys of rows that broke an expectation, a thousand at most: how many there are stands in the result. Never a value.';
comment on column audit.failing_row.row_key is
'The columns of the key as an object. When a record is erased, what checks had named goes.';

grant insert on audit.failing_row to oic_gate;
grant select on audit.failing_row
to oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure;
grant delete on audit.failing_row to oic_erasure;
