-- This column records who started a run, so that another person can be asked to approve its build.

alter table audit.run add column started_by text;
comment on column audit.run.started_by is
'The login that started the run, in Airflow or on this machine. Blank: the schedule started it.';
grant update (started_by) on audit.run to oic_landing, oic_transform, oic_gate, oic_publish;
