-- A released position says how much was delivered for its point and is in no figure. Rows of releases from before this
-- do not know it.

set local role oic_publish;
alter table public_release.assurance_position
add column records_left_out_at_most bigint,
add column files_left_out bigint;
comment on column public_release.assurance_position.records_left_out_at_most is
'At most so many records of the datasets that the point rests on broke a rule and are in no figure: 0, or the highest number before the next multiple of the smallest number that is shown.';
comment on column public_release.assurance_position.files_left_out is
'Files of these datasets that were refused.';
reset role;
