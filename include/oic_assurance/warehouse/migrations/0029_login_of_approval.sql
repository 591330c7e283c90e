-- A name is what somebody says; the login is what is known of who said it.

alter table audit.approval add column login text not null default 'not kept' check (login <> '');
alter table audit.approval alter column login drop default;
comment on column audit.approval.who is 'Who decided, by the name that was given.';
comment on column audit.approval.login is
'Whose login it was given with, of the machine or of Airflow; several people may share one.';
