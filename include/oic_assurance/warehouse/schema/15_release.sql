-- The public gets files and has no login. Schema `public_release` has the rows that were released. A column leaves only if it is
-- listed here and in `publishing/release_tables.py`.

create schema public_release authorization oic_publish;
comment on schema public_release is
'What was released to the public. It changes only when somebody makes or withdraws a release.';
set local role oic_publish;
grant usage on schema public_release to bi_reader;
reset role;

-- Tables

set local role oic_publish;
create table public_release.assurance_position (
    release_id bigint,
    force_code text,
    point_code text,
    as_at timestamptz not null,
    status text not null,
    is_suppressed boolean not null,
    figures_from date,
    figures_to date,
    numerator bigint,
    denominator bigint,
    value double precision,
    deadline date,
    days_to_deadline integer,
    status_at_deadline text,
    source_status text not null,
    publication_id bigint not null,
    status_on date,
    answer_code text,
    target double precision,
    policy_confirmed boolean,
    second_reading text,
    second_numerator bigint,
    second_denominator bigint,
    second_value double precision,
    records_left_out_at_most bigint,
    files_left_out bigint,
    primary key (release_id, force_code, point_code)
);
comment on table public_release.assurance_position is
'The four points as the latest release shows them that is not withdrawn.';
comment on column public_release.assurance_position.release_id is 'Number of the release.';
comment on column public_release.assurance_position.force_code is
'The police force, as its area code of the Office for National Statistics (ONS).';
comment on column public_release.assurance_position.point_code is 'Code of the assurance point.';
comment on column public_release.assurance_position.as_at is 'The moment that the figures are computed for.';
comment on column public_release.assurance_position.status is 'Status of the point at that moment.';
comment on column public_release.assurance_position.is_suppressed is
'Whether the figures are withheld, so that nobody can be identified.';
comment on column public_release.assurance_position.figures_from is
'First day of the figures. Blank if they are for the moment of the status.';
comment on column public_release.assurance_position.figures_to is
'Last day of the figures. Blank if they are for the moment of the status.';
comment on column public_release.assurance_position.numerator is
'How many of them are as they should be. Blank if withheld.';
comment on column public_release.assurance_position.denominator is 'How many there are in all. Blank if withheld.';
comment on column public_release.assurance_position.value is
'Numerator divided by denominator, a share from 0 to 1. Blank if withheld.';
comment on column public_release.assurance_position.deadline is
'Day by which the point is due. Blank for a point without a deadline.';
comment on column public_release.assurance_position.days_to_deadline is
'Days from the moment of the status to the deadline, negative after it.';
comment on column public_release.assurance_position.status_at_deadline is
'Status on the day of the deadline, once that day is over.';
comment on column public_release.assurance_position.source_status is
'Whether the sources of the point were up to date: fresh, stale or failed.';
comment on column public_release.assurance_position.publication_id is
'Number of the publication that the release was made from.';
comment on column public_release.assurance_position.status_on is
'Day that the status is for: the last day of the figures or, if they are for no days, the as-at day.';
comment on column public_release.assurance_position.answer_code is
'The answer to the question of the point on the day of its status: YES, NOT_YET, NO, NOT_DUE or NOT_KNOWN.';
comment on column public_release.assurance_position.target is 'Share that the figure must reach, from 0 to 1.';
comment on column public_release.assurance_position.policy_confirmed is
'Whether somebody has approved each policy row that the figure, its target and its deadline rest on.';
comment on column public_release.assurance_position.second_reading is
'Code of the measure that answers the question of the point in the other way that the largest choice in it allows.';
comment on column public_release.assurance_position.second_numerator is
'How many are as they should be, by the second reading, over the same days. Blank if withheld.';
comment on column public_release.assurance_position.second_denominator is
'How many the second reading counts, over the same days. Blank if withheld.';
comment on column public_release.assurance_position.second_value is
'Share by the second reading, from 0 to 1, over the same days. Blank if withheld.';
comment on column public_release.assurance_position.records_left_out_at_most is
'At most so many records of the datasets that the point rests on broke a rule and are in no figure: 0, or the highest number before the next multiple of the smallest number that is shown.';
comment on column public_release.assurance_position.files_left_out is 'Files of these datasets that were refused.';

create table public_release.assurance_period (
    release_id bigint,
    force_code text,
    measure_code text,
    point_code text not null,
    period_start date,
    period_end date not null,
    org_unit_code text,
    numerator bigint not null,
    denominator bigint not null,
    value double precision,
    publication_id bigint not null,
    primary key (release_id, force_code, measure_code, period_start, org_unit_code)
);
comment on table public_release.assurance_period is
'Every figure of the latest release that is not withdrawn, by period.';
comment on column public_release.assurance_period.release_id is 'Number of the release.';
comment on column public_release.assurance_period.force_code is
'The police force, as its area code of the Office for National Statistics (ONS).';
comment on column public_release.assurance_period.measure_code is 'Code of the measure.';
comment on column public_release.assurance_period.point_code is 'Code of the assurance point.';
comment on column public_release.assurance_period.period_start is 'First day of the period.';
comment on column public_release.assurance_period.period_end is 'Last day of the period.';
comment on column public_release.assurance_period.org_unit_code is
'ALL for the whole force, a district, or REST for what is in no district.';
comment on column public_release.assurance_period.numerator is
'How many of them are as they should be. Blank if withheld.';
comment on column public_release.assurance_period.denominator is 'How many there are in all. Blank if withheld.';
comment on column public_release.assurance_period.value is
'Numerator divided by denominator, a share from 0 to 1. Blank if withheld.';
comment on column public_release.assurance_period.publication_id is
'Number of the publication that the release was made from.';

create table public_release.assurance_measure (
    release_id bigint,
    force_code text,
    measure_code text,
    point_code text not null,
    period_start date,
    org_unit_code text,
    is_suppressed boolean not null,
    numerator bigint,
    denominator bigint,
    value double precision,
    publication_id bigint not null,
    primary key (release_id, force_code, measure_code, period_start, org_unit_code)
);
comment on table public_release.assurance_measure is
'A row for every month, measure and unit of the latest release that is not withdrawn.';
comment on column public_release.assurance_measure.release_id is 'Number of the release.';
comment on column public_release.assurance_measure.force_code is
'The police force, as its area code of the Office for National Statistics (ONS).';
comment on column public_release.assurance_measure.measure_code is 'Code of the measure.';
comment on column public_release.assurance_measure.point_code is 'Code of the assurance point.';
comment on column public_release.assurance_measure.period_start is 'First day of the period.';
comment on column public_release.assurance_measure.org_unit_code is
'ALL for the whole force, a district, or REST for what is in no district.';
comment on column public_release.assurance_measure.is_suppressed is
'Whether the figures are withheld, so that nobody can be identified.';
comment on column public_release.assurance_measure.numerator is
'How many of them are as they should be. Blank if withheld.';
comment on column public_release.assurance_measure.denominator is 'How many there are in all. Blank if withheld.';
comment on column public_release.assurance_measure.value is
'Numerator divided by denominator, a share from 0 to 1. Blank if withheld.';
comment on column public_release.assurance_measure.publication_id is
'Number of the publication that the release was made from.';

reset role;

-- Views

set local role oic_publish;
create view public_release.release as
select
    release_id, force_code, publication_id, as_at, made_at as released_at, withdrawn_at,
    withdrawn_because
from audit.release
where through = 'files';
comment on view public_release.release is 'One row for each release that left as files, also the withdrawn ones.';
comment on column public_release.release.release_id is 'Number of the release.';
comment on column public_release.release.force_code is
'The police force, as its area code of the Office for National Statistics (ONS).';
comment on column public_release.release.publication_id is 'Number of the publication that the release was made from.';
comment on column public_release.release.as_at is 'The moment that the figures are computed for.';
comment on column public_release.release.released_at is 'When the release was made.';
comment on column public_release.release.withdrawn_at is 'When the release was withdrawn. Blank if it was not.';
comment on column public_release.release.withdrawn_because is 'Why the release was withdrawn. Blank if it was not.';

reset role;

-- Grants

set local role oic_publish;
grant select on
    public_release.assurance_position, public_release.assurance_period, public_release.assurance_measure,
    public_release.release
to bi_reader;

-- Readers see the rows of the latest release that is not withdrawn.
alter table public_release.assurance_position enable row level security;
create policy latest_release on public_release.assurance_position for select using (
    release_id = (select max(made.release_id) from public_release.release as made where made.withdrawn_at is null)
);
alter table public_release.assurance_period enable row level security;
create policy latest_release on public_release.assurance_period for select using (
    release_id = (select max(made.release_id) from public_release.release as made where made.withdrawn_at is null)
);
alter table public_release.assurance_measure enable row level security;
create policy latest_release on public_release.assurance_measure for select using (
    release_id = (select max(made.release_id) from public_release.release as made where made.withdrawn_at is null)
);
reset role;
