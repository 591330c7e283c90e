-- The state of each part of the warehouse, for the command line, monitoring and messages. Row counts, moments and reasons: no
-- value of a record, and nobody's name.

-- `publishing/approval.py` decides by the same rule, and checks the evidence besides.
create view state.waiting_build as
with gate as (
    select build_id, count(*) as stages, max(finished_at) as finished_at,
        bool_or(verdict = 'critical') as is_critical, bool_or(verdict = 'warning') as has_warning
    from audit.gate
    group by build_id
)

select build.build_id, build.run_id, build.as_at, gate.finished_at as since,
    (select string_agg(held.words, '; ' order by held.place) from audit.held_change as held where held.build_id = build.build_id) as held,
    (
        select count(*)
        from audit.latest_expectation_result as result
        where result.build_id = build.build_id and result.severity = 'warning' and not result.success
    ) as warnings,
    -- Airflow waits for some hours. A run without Airflow's web page has ended, and its build waits until the next run.
    case
        when run.finished_at is null then gate.finished_at + state.setting('approval_hours')::double precision * interval '1 hour'
    end as decided_by
from audit.build as build
inner join audit.run as run using (run_id)
inner join gate using (build_id)
where build.build_id = (select max(daily.build_id) from audit.build as daily where daily.purpose = 'daily')
    -- The publication refuses a build that nobody has decided about (`check_approval`), and then the run ends as blocked.
    and (run.outcome = 'running' or run.outcome = 'blocked' and position('wait for somebody to decide' in run.message) > 0)
    and gate.stages = 4 and gate.has_warning and not gate.is_critical
    and (
        build.wants_approval
        or state.setting('approve_warnings') = 'yes'
        or exists (select from audit.held_change as held where held.build_id = build.build_id)
    )
    and not exists (
        select
        from audit.approval as decided
        where decided.build_id = build.build_id and decided.decided_at >= gate.finished_at
    )
    and not exists (select from marts.publication as made where made.publication_id = build.build_id)
    -- A build without the result of a required check cannot be published, whatever somebody decides.
    and not exists (
        select from audit.required_check as required where required.build_id = build.build_id and not required.was_run
    );
comment on view state.waiting_build is
'One row if the last daily build waits for a person to decide about its warnings: what changes in the past, how many warnings it has, and by when somebody must decide. Without a decision by then, it is rejected.';

-- A killed process records no end, and holds no lock. Only `assurance run` holds the lock of the run as long as it runs.
create function state.assurance_run_runs() returns boolean
language sql stable security definer set search_path = '' set client_min_messages = error
begin atomic
    select exists (select from locks.held where lock_name = 'daily run');
end;
create view state.open_run as
select run_id, known.outcome, case known.outcome
    when 'running' then 'is running' else 'has recorded no end: it is under way in Airflow, or it was killed'
end as words
from audit.run
cross join (select case when state.assurance_run_runs() then 'running' else 'open' end as outcome) as known
where finished_at is null
order by started_at desc
limit 1;
comment on view state.open_run is
'One row if a run has recorded no end. It is `running` if `assurance run` makes it now. Otherwise it is `open`, and only Airflow knows whether it is under way.';

create view state.last_run as
select run.run_id, case
        when waiting.build_id is not null then 'waiting'
        when run.outcome = 'running' then coalesce(opened.outcome, run.outcome)
        else run.outcome
    end as outcome, run.as_at, run.started_at, run.finished_at,
    coalesce(run.message, case when waiting.build_id is null and opened.outcome = 'open' then 'it ' || opened.words end) as message,
    run.publication_id
from audit.run as run
left join state.waiting_build as waiting using (run_id)
left join state.open_run as opened using (run_id)
order by run.started_at desc
limit 1;
comment on view state.last_run is
'One row: the run that began last. Its outcome is `waiting` if a person must decide whether readers may see its build.';

create view state.stage as
select stage.stage, min(stage.started_at) as started_at,
    sum(extract(epoch from stage.finished_at - stage.started_at)) as seconds,
    sum(stage.rows)::bigint as rows, bool_and(stage.succeeded) as succeeded
from audit.stage as stage
inner join state.last_run as run using (run_id)
group by stage.stage;
comment on view state.stage is 'One row per stage of the last run that has ended. The extraction is the sum of its datasets.';

create view state.publication as
select publication_id, as_at, published_at, gate_verdict
from marts.publication
where is_current;
comment on view state.publication is 'One row: the publication that readers see. None before the first one.';

-- After a roll-back to before an upgrade, marts that are newer than the publication are empty. A mart that no later publication
-- has was given up, and nobody misses it.
create function state.missing_tables(number bigint) returns table (table_name text, words text)
language sql stable security definer set search_path = '' set client_min_messages = error
begin atomic
    select mart.relname::text, format('An earlier version made publication %s, which does not have this', number)
    from pg_catalog.pg_class as mart
    where mart.relnamespace = 'marts'::regnamespace and mart.relkind = 'p'
        and not exists (
            select
            from pg_catalog.pg_class as kept
            where kept.relnamespace = 'generation'::regnamespace and kept.relname = (mart.relname || '__' || number)::name
        )
        and exists (
            select
            from marts.publication as later
            inner join pg_catalog.pg_class as kept on kept.relname = (mart.relname || '__' || later.publication_id)::name
            where later.publication_id > number and kept.relnamespace = 'generation'::regnamespace
        );
end;
comment on function state.missing_tables(bigint) is
'The marts that a publication does not have, because the version that made it did not have them, and how that is said.';

create view state.hold as
select publication_id, since, reason, newest_waiting, waiting
from audit.hold;
comment on view state.hold is
'One row if the pointer was last moved by a roll-back that holds: what readers see, why, and what waits for a release.';

create view state.dataset as
select found.*, declared.owner, declared.place, declared.source_name
from state.freshness() as found
left join state.declared_dataset as declared using (dataset);
comment on view state.dataset is 'One row per dataset that is expected: how fresh it is, and which points rest on it.';

create view state.extraction as
select distinct on (dataset) dataset, run_id, extraction_id, started_at, outcome, reason
from audit.extraction
where force_code = state.setting('force_code')
order by dataset, extraction_id desc;
comment on view state.extraction is 'One row per dataset: its last extraction.';

create view state.not_taken as
select extraction.dataset, found.name, found.reason, found.modified_at,
    not exists (
        select
        from audit.not_taken as earlier
        where earlier.name = found.name and earlier.extraction_id = (
            select max(before.extraction_id)
            from audit.extraction as before
            where before.dataset = extraction.dataset and before.extraction_id < extraction.extraction_id
                and before.outcome = 'succeeded'
        )
    ) as is_new
from state.extraction as extraction
inner join audit.not_taken as found using (extraction_id);
comment on view state.not_taken is
'One row per file or folder that the last extraction of a dataset found and did not take. It is new if the extraction before did not find it.';

create view state.refused as
select batch.dataset, batch.source_place, batch.landed_at, coalesce(batch.reason, batch.source_place) as reason
from audit.batch as batch
inner join state.last_run as run using (run_id)
where batch.status = 'refused';
comment on view state.refused is 'One row per delivery that the last run refused as a whole.';

create view state.quarantine as
select batch.dataset, rejected.reasons[1] as reason, count(*) as rows, max(rejected.rejected_at) as latest_at,
    count(*) filter (where batch.run_id = (select run.run_id from state.last_run as run)) as rows_of_last_run
from audit.rejected_row as rejected
inner join audit.batch as batch using (batch_id)
where rejected.status = 'rejected' and batch.force_code = state.setting('force_code')
group by batch.dataset, rejected.reasons[1];
comment on view state.quarantine is
'One row per dataset and reason: how many rejected rows are in quarantine and not replayed. A row counts for its first reason.';

create view state.replaced_value as
select latest.dataset, latest.source_place, latest.landed_at, found.table_name, found.row_number, found.column_name, found.reason
from (
    select distinct on (dataset) batch_id, dataset, source_place, landed_at
    from audit.batch
    where force_code = state.setting('force_code') and kind = 'file' and status = 'landed'
    order by dataset, delivered_for desc, batch_id desc
) as latest
inner join audit.batch as batch on latest.batch_id in (batch.batch_id, batch.replay_of)
inner join audit.replaced_value as found on batch.batch_id = found.batch_id;
comment on view state.replaced_value is
'One row per text of the latest delivery of a dataset that landing replaced, because it broke the rules of its column. Never the text.';

create view state.gate as
select gate.*, total.checks, total.by_great_expectations, total.by_postgresql_and_dbt, total.checks_failed as failed
from (
    select build_id, run_id,
        case
            when bool_or(verdict = 'critical') then 'critical'
            when bool_or(verdict = 'warning') then 'warning'
            else 'passed'
        end as verdict, count(*) as stages, max(gate.finished_at) as finished_at
    from audit.gate as gate
    inner join audit.build as build using (build_id)
    where build.build_id = (
        select max(audited.build_id)
        from audit.gate as audited
        inner join audit.build as daily using (build_id)
        where daily.purpose = 'daily'
    )
    group by build_id, run_id
) as gate
left join audit.gate_total as total using (build_id);
comment on view state.gate is 'One row: the verdict of the gate on the last daily build that it has checked, over all stages. Its checks are made by Great Expectations, or enforced by constraints of PostgreSQL and tests of dbt.';

create view state.failed_check as
select result.severity, case when result.stage = 'dbt' then coalesce(result.dataset, result.suite) else result.suite end as table_name,
    coalesce(nullif(result.description, ''), result.expectation) as description, result.owner, result.unexpected,
    blocking.place
from audit.latest_expectation_result as result
inner join state.gate as gate using (build_id)
left join audit.blocking_check as blocking using (build_id, result_id)
where not result.success;
comment on view state.failed_check is 'One row per check that failed in the last daily build. Those that block it have a place: the first names what to look at first.';

create view state.check_count as
select severity, count(*) filter (where success) as passed, count(*) filter (where not success) as failed
from audit.latest_expectation_result
inner join state.gate using (build_id)
group by severity;
comment on view state.check_count is 'One row per severity: how many checks of the last daily build passed and failed.';

create view state.sign_off as
select distinct on (recommendation_code) recommendation_code, step, entered_at, cause
from signoff.step
where force_code = state.setting('force_code')
order by recommendation_code, entry_id desc;
comment on view state.sign_off is 'One row per recommendation: the last step of its sign-off.';

create view state.backup as
select made.made_at, made.folder, made.size_bytes, made.is_encrypted, drill.finished_at as drilled_at, drill.is_proven,
    drill.failure, proof.proven_at
from (values (1)) as always (here)
left join lateral (select * from audit.backup order by made_at desc limit 1) as made on true
left join lateral (select * from audit.restore_drill order by drill_id desc limit 1) as drill on true
cross join (select max(finished_at) as proven_at from audit.restore_drill where is_proven) as proof;
comment on view state.backup is
'One row: the newest back-up, the last drill, and when a drill last proved that a back-up can be restored. Blank if there is none.';

create view state.upkeep as
select latest.part, latest.outcome, latest.started_at, latest.ended_at, latest.message,
    (
        select max(good.ended_at) from audit.upkeep as good where good.part = latest.part and good.outcome = 'done'
    ) as done_at,
    (select min(first.started_at) from audit.upkeep as first where first.part = latest.part) as first_at
from (select distinct on (part) * from audit.upkeep order by part, upkeep_id desc) as latest;
comment on view state.upkeep is 'One row per part of the upkeep that has ever run: how it last ended, and when it was last done.';

create view state.archive as
select count(*) as batches, count(proof.proven_at) as proven, min(coalesce(proof.proven_at, batch.landed_at)) as oldest_proof_at,
    count(proof.disagreement) as disagreeing
from audit.batch as batch
inner join state.declared_dataset as declared using (dataset)
left join audit.archive_proof as proof using (batch_id)
where batch.status = 'landed' and batch.kept_as is not null and batch.force_code = state.setting('force_code');
comment on view state.archive is
'One row: how many archived batches there are, how many were ever compared with raw, and the oldest comparison. A batch that was never compared counts from its landing.';

create view state.log_of_processing as
select chain_no as sealed_entries, sealed_at
from audit.processing_head;
comment on view state.log_of_processing is 'One row: the last link of the log of processing, and when it was sealed.';

create view state.exporting_force as
select newest.code as reporting_force_code, max(newest.delivered_for) as exported_for, sum(newest.row_count)::bigint as rows,
    max(newest.landed_at) as landed_at, gone.decided_at as withdrawn_at, gone.reason as withdrawn_because
from (
    -- The code of the force is in the name of the file, as in stg_national__delivery.
    select distinct on (file.code, batch.dataset) file.code, batch.delivered_for, batch.row_count, batch.landed_at
    from audit.batch as batch
    cross join lateral (select upper(substring(batch.source_place from '_([A-Za-z][0-9]{8})_'))) as file (code)
    where batch.force_code = state.setting('force_code') and batch.kind = 'file' and batch.status = 'landed'
        and batch.dataset like 'national/%'
    order by file.code, batch.dataset, batch.delivered_for desc, batch.batch_id desc
) as newest
left join audit.withdrawn_force as gone
    on gone.reporting_force_code = newest.code and gone.force_code = state.setting('force_code')
group by newest.code, gone.decided_at, gone.reason;
comment on view state.exporting_force is
'One row per force that has ever exported to this national warehouse: its last export, and since when and why it is withdrawn.';

create view state.national_export as
select publication_id, outcome, started_at, ended_at, message
from audit.national_export
order by export_id desc
limit 1;
comment on view state.national_export is 'One row: the last export of this force to the national view.';

create view state.observation as
select problem_code, subject, state, what, todo, min(amount) as amount, min(since) as since, min(observed_at) as observed_at,
    string_agg(host, ', ' order by host) as hosts, count(*) < hosts_that_looked as is_of_some_hosts
from (
    select *, count(*) over (partition by problem_code, subject) as hosts_that_looked
    from audit.observation
) as measured
group by problem_code, subject, state, what, todo, hosts_that_looked;
comment on view state.observation is
'One row per thing that SQL cannot see and state that it is in, with the moment when it was last measured and the hosts that found it so: disks, certificates, clocks, secrets, versions.';
