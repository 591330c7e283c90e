-- Two hosts must not make a run on one warehouse at the same time: each would close the other's run as
-- interrupted.
insert into locks.taker (lock_kind, stage) values ('daily run', 'oic_transform');
insert into locks.lock (lock_name) values ('daily run');
