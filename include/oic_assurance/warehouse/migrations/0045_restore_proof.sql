-- A build knows the drills that were on record when it was opened, and no others. So a publication that is computed
-- again shows the same drills, whatever time a drill that was recorded later gives for itself.

alter table audit.build add column known_drill_id bigint not null default 0;
comment on column audit.build.known_drill_id is
'The newest drill of a restore that the build may see. 0 if none was on record.';

-- A drill is recorded under the lock under which a build is opened. So drills are numbered in the order in which
-- builds can see them.
insert into locks.taker (lock_kind, stage) values ('known batches', 'oic_publish');
