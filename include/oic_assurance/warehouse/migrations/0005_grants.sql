-- Each stage may enter its own evidence and read all of it. What is updated is named by column; nothing
-- is deleted.

grant select on all tables in schema audit to oic_landing, oic_transform, oic_gate, oic_publish;
alter default privileges in schema audit
grant select on tables to oic_landing, oic_transform, oic_gate, oic_publish;
grant usage, select on all sequences in schema audit
to oic_landing, oic_transform, oic_gate, oic_publish;

grant insert, update (as_at, finished_at, outcome, message, publication_id, code_version)
on audit.run to oic_landing, oic_transform, oic_gate, oic_publish;
grant insert on audit.processing_log to oic_landing, oic_transform, oic_gate, oic_publish;

grant insert, update (finished_at, outcome, reason, batches, rows_landed, rows_rejected)
on audit.extraction to oic_landing;
grant insert on audit.batch to oic_landing;
grant insert, update (status) on audit.rejected_row to oic_landing;
grant insert, update on audit.source_cursor to oic_landing;
grant select, insert on identity.pseudonym to oic_landing;
grant select on identity.pseudonym to oic_transform;

grant insert, update (finished_at, input_fingerprint) on audit.build to oic_transform;
grant insert on audit.build_force to oic_transform;
grant insert on audit.deadline_position to oic_transform;

-- dbt's tests are evidence too, entered by transform; a verdict is given anew when an audit is repeated.
grant insert on audit.expectation_result to oic_gate, oic_transform;
grant insert, update on audit.gate to oic_gate, oic_transform;
grant insert, update on audit.table_fingerprint to oic_gate, oic_transform;
