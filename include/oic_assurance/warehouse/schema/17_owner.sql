-- What the owner of the database may do, who migrates and owns nothing: read the evidence, give people access, and clear
-- tables after an erasure, for which it needs their names and no right to read them.

grant usage on schema
    audit, raw_general, raw_law_enforcement, identity, policy, staging_general, staging_law_enforcement,
    intermediate, generation, marts, public_draft, landing, locks, limits, signoff, state
to current_user;
grant select on
    audit.schema_migration, audit.run, audit.extraction, audit.batch, audit.rejected_row, audit.source_cursor,
    audit.processing_log, audit.build, audit.build_force, audit.expectation_result, audit.gate,
    audit.table_fingerprint, audit.deadline_position, audit.publication_move, audit.generation, audit.replayed_row,
    audit.replay, audit.erasure, audit.erased_key, audit.batch_erasure, audit.erasure_finish, audit.released_figure,
    audit.notification, audit.exception_event, audit.due_check, audit.tested_table, audit.failing_row,
    audit.access_change, audit.approval, audit.correction, audit.emptied, audit.not_taken, audit.published_position,
    audit.processing_head, audit.collected_server_log, limits.setting, limits.ended_session, audit.upgrade,
    audit.latest_expectation_result, audit.publication_before_erasure, audit.publication_withdrawal, locks.held
to current_user;
grant insert on audit.access_change, audit.upgrade to current_user;
grant update on limits.setting to current_user;
grant execute on function
    locks.is_alive, locks.try_take, locks.release, locks.try_in_transaction, locks.take_in_transaction,
    limits.is_reader, limits.connections, limits.readers, limits.end_session, limits.end_overdue, limits.end_holders
to current_user;

-- Dbt makes schemas of its own.
alter default privileges for role oic_transform grant usage on schemas to current_user;
-- Every stage reads the evidence, also what a migration adds to it.
alter default privileges in schema audit
grant select on tables to
    oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure, oic_audit, assurance_looker, current_user;
alter default privileges for role oic_audit_keeper in schema audit
grant select on tables to
    oic_landing, oic_transform, oic_gate, oic_publish, oic_erasure, assurance_looker, current_user;
