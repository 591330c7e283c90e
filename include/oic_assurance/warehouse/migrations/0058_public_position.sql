-- A released status is for the day of its figure, and stands beside its target and its second reading. Rows of
-- releases from before this have none of these columns: their status is for the moment `as_at`.
-- docs/decisions/0073-a-public-status-is-of-the-day-of-its-figure.md says why.

set local role oic_publish;
alter table public_release.assurance_position
add column status_on date,
add column answer_code text,
add column target double precision,
add column policy_confirmed boolean,
add column second_reading text,
add column second_numerator bigint,
add column second_denominator bigint,
add column second_value double precision;
reset role;
