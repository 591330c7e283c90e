-- A measurement belongs to what was measured. Containers were hosts of their own, and what they had measured stayed when
-- they were gone. So the last measurement of each thing is kept, and the next look from anywhere replaces it.

alter table audit.observation add column observed_by text not null default '';
comment on column audit.observation.host is
'The host whose own thing it is, by its name in the file `host` of the state folder. Empty: the hosts have it in common.';
comment on column audit.observation.observed_by is 'The account and machine, and the command, that took the last measurement.';

-- A container that did not see the folder of the newest back-up found that it was gone.
delete from audit.observation
where problem_code = 'restore';
delete from audit.observation as old
using audit.observation as newer
where newer.problem_code = old.problem_code and newer.subject = old.subject
    and (newer.observed_at, newer.host) > (old.observed_at, old.host);
update audit.observation
set host = '';
