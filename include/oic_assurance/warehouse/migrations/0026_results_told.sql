-- The history of results is told in the marts: with each count belongs what was tolerated.

alter table audit.expectation_result add column tolerated double precision;
comment on column audit.expectation_result.tolerated is
'The share of rows that may break it; empty where none may.';
