"""SQL that makes the small force's position, now and on every day, and the gate's results."""

POSITIONS = """
create table candidate.assurance_position as
select 'E23000022' as force_code, point as point_code, timestamptz '2026-05-15 04:30Z' as as_at,
    status, null::text as unknown_because,
    case point when 'NCCU_INTEL' then date '2025-05-01' else date '2026-05-15' end as figure_from,
    date '2026-05-15' as figure_to, 'some days' as figure_period,
    numerator::bigint, denominator::bigint, numerator / denominator::double precision as value,
    numerator / denominator::double precision * 0.9 as ci_low, 1::double precision as ci_high,
    case point when 'NCCU_INTEL' then 1 when 'INTEL_PLAN' then 3 else 0.95 end::double precision
        as target,
    case point when 'INTEL_PLAN' then 'strands' else 'share' end as target_unit,
    point = 'HYDRA' as policy_confirmed,
    case point when 'NCCU_INTEL' then 'nccu_intel_compliance_all_types'
        when 'HYDRA' then 'hydra_completion_incl_absent'
        when 'ELEARNING' then 'elearning_completion_incl_absent' end as second_reading,
    second_numerator::bigint, second_denominator::bigint,
    second_numerator / second_denominator::double precision as second_value,
    deadline::date, deadline::date - date '2026-05-15' as days_to_deadline,
    case when point = 'INTEL_PLAN' then 0.5::double precision end as value_at_deadline,
    case when deadline is not null then 'overdue' end as status_at_deadline,
    case when deadline is not null then 0.5::double precision end as value_at_deadline_known_then,
    case when deadline is not null then 'in_progress' end as status_at_deadline_known_then,
    date '2026-06-30' as forecast_date, date '2026-06-15' as forecast_earliest,
    date '2026-08-30' as forecast_latest, point = 'HYDRA' as disagrees,
    case point when 'HYDRA' then date '2026-05-01' end as disagrees_since, 'fresh' as source_status,
    null::date as status_since, 'A word' as status_word, null::double precision as change_high,
    null::boolean as is_change_clear, null::text as caveat, <build>::bigint as publication_id
from (values
    ('NCCU_INTEL', 'in_progress', 2, 5, 2, 6, null),
    ('INTEL_PLAN', 'overdue', 2, 3, null, null, '2025-12-31'),
    ('HYDRA', 'met_on_time', 1, 1, 1, 1, '2026-04-30'),
    ('ELEARNING', 'overdue', 1, 2, 1, 2, '2026-04-30')
) as position (
    point, status, numerator, denominator, second_numerator, second_denominator, deadline
);
-- A point that the policy has besides these four is like the last.
insert into candidate.assurance_position
select (jsonb_populate_record(one, jsonb_build_object(
    'point_code', code, 'second_reading', null, 'second_numerator', null,
    'second_denominator', null, 'second_value', null
))).*
from candidate.assurance_position as one, (values <further points>) as further (code, measure)
where point_code = 'ELEARNING';

create table candidate.assurance_position_day as
select force_code, point_code, day::date as day,
    case when day > '2026-04-30' then numerator else 0 end as numerator,
    case when day > '2026-04-30' then denominator when point_code = 'INTEL_PLAN' then 3 else 0 end
        as denominator,
    case when day > '2026-04-30' then value when point_code = 'INTEL_PLAN' then 0 end as value,
    case when day > '2026-04-30' then status when point_code = 'NCCU_INTEL' then 'not_started'
        else 'overdue' end as status,
    publication_id
from candidate.assurance_position
cross join generate_series(timestamp '2026-04-30', '2026-05-15', interval '1 day') as day;

create table candidate.assurance_voice as
select 'E23000022' as force_code, 'HYDRA' as point_code, voice, changed_on::date,
    stood_until::date, status, is_assured, <build>::bigint as publication_id
from (values
    ('FORCE', '2026-05-01', null, 'in progress', false),
    ('COMMISSIONER', '2026-05-02', '2026-05-09', 'assured', true),
    ('COMMISSIONER', '2026-05-10', null, 'not assured', false),
    ('DATA', '2026-04-30', '2026-04-30', 'overdue', false),
    ('DATA', '2026-05-01', null, 'met_on_time', true)
) as word (voice, changed_on, stood_until, status, is_assured);

create table candidate.assurance_voice_month as
select 'E23000022' as force_code, voice, date '2026-05-01' as period_start, false as is_complete,
    numerator::bigint, denominator::bigint,
    numerator::double precision / nullif(denominator, 0) as value,
    case when denominator > 0 then 0::double precision end as ci_low,
    case when denominator > 0 then 0.8::double precision end as ci_high,
    days_contradicted::bigint, days_said_complete::bigint, <build>::bigint as publication_id
from (values ('FORCE', 0, 0, 0, 0), ('COMMISSIONER', 0, 1, 0, 8)) as counted (
    voice, numerator, denominator, days_contradicted, days_said_complete
);

create table candidate.assurance_left_out as
select 'E23000022' as force_code, 'lms/completions' as dataset, 'FILE_REFUSED' as left_out_code,
    'Files refused' as left_out_label, 1::bigint as items, null::bigint as records,
    'Hydra training' as points, <build>::bigint as publication_id;

create table candidate.assurance_caveat as
select 'E23000022' as force_code, 'HYDRA' as point_code, 'A point' as point_label, place,
    code as caveat_code, 'A caveat' as caveat_label, dataset, 'something left out' as words,
    records::bigint, low::double precision as could_be_low, high::double precision as could_be_high,
    <build>::bigint as publication_id
from (values
    (1, 'FILE_REFUSED', 'lms/completions', null, null, null),
    (2, 'ROW_IN_QUARANTINE', 'hr/personnel', 1, 0.9, 1)
) as caveat (place, code, dataset, records, low, high);

create table policy.code_label as
select 'status' as code_set, code, label
from (values
    ('in_progress', 'In progress'), ('met_on_time', 'Met on time'), ('overdue', 'Overdue'),
    ('slipping', 'Slipping')
) as word (code, label);

create table intermediate.int_position as
select force_code, point_code,
    case point_code when 'NCCU_INTEL' then 'slipping' else status end as status,
    point_code = 'NCCU_INTEL' as is_unclear
from candidate.assurance_position;

create table candidate.assurance_status_change as
select 'E23000022' as force_code, point_code, status_before, status_before_label, status_after,
    status_after_label, null::double precision as value_before, 1::double precision as value_after,
    compared_with, now() as compared_as_at, build_id as publication_id
from audit.build
cross join (values
    ('HYDRA', 'overdue', 'Overdue', 'met_on_time', 'Met on time'),
    ('NCCU_INTEL', 'slipping', 'Slipping', 'slipping', 'No clear change')
) as change (point_code, status_before, status_before_label, status_after, status_after_label)
where build_id = <build>;

create table candidate.restore_proof as
select 'E23000022' as force_code, 'unknown' as verdict, 'Never tried' as verdict_label,
    null::timestamptz as last_drill_at, null::text as failed_step, null::text as failed_step_label,
    null::timestamptz as last_proven_at, null::timestamptz as due_by, null::integer as seconds,
    null::timestamptz as backup_made_at, null::integer as batches_compared,
    null::bigint as computed_publication_id, null::text as computed_fingerprint,
    <build>::bigint as publication_id;

create table candidate.sign_off_reopening as
select 'E23000022' as force_code, 'HYDRA' as recommendation_code, 'HYDRA' as point_code, 1 as round,
    'SLIPPED' as cause,
    'the status is slipping, and was met_on_time when it was signed; the figure that it was signed '
    'on was 96.2% (94.1% to 97.5%), and for that day it is now 88.0%' as words,
    timestamptz '2026-05-15 04:30Z' as found_at, <build>::bigint as publication_id;
create schema if not exists intermediate;
create table intermediate.int_sign_off_step as
select 'E23000022' as force_code, 'HYDRA' as recommendation_code, 'HYDRA' as point_code, 1 as round,
    step, true as is_in_force
from (values ('STEPS_AGREED'), ('EVIDENCE'), ('FORCE'), ('COMMISSIONER')) as made (step);

create table candidate.assurance_disagreement as
select 'E23000022' as force_code, point as point_code, disagreed_from::date,
    disagreed_until::date, days, 'in progress' as force_self_assessment,
    null::text as commissioner_judgement, 'met_on_time' as data_status,
    <build>::bigint as publication_id
from (values
    ('HYDRA', '2026-05-01', null, 15), ('ELEARNING', '2026-05-01', '2026-05-03', 3),
    ('ELEARNING', '2026-05-06', '2026-05-06', 1)
) as stretch (point, disagreed_from, disagreed_until, days);

insert into audit.expectation_result (
    build_id, stage, suite, dataset, dimension, expectation, severity, success
)
values
    (<build>, 'marts', 'a', 'fct_nccu_referral', 'uniqueness', 'b', 'critical', true),
    (<build>, 'landing', 'c', 'hr/personnel', 'volume', 'd', 'warning', false);

create table candidate.data_quality_status as
select 'E23000022' as force_code, dataset, dimension, severity, 1::bigint as expectations,
    failed::bigint, now() as checked_at, verdict, <build>::bigint as publication_id
from (values
    ('fct_nccu_referral', 'uniqueness', 'critical', 0, 'passed'),
    ('hr/personnel', 'volume', 'warning', 1, 'warning')
) as status (dataset, dimension, severity, failed, verdict);

create table candidate.data_quality_history as
select 'E23000022' as force_code, build_id, timestamptz '2026-05-15 04:30Z' as as_at, stage,
    suite as table_name, expectation as check_name, description, dimension, severity, owner,
    case when success then 'passed' else severity end as verdict, evaluated as rows_checked,
    unexpected as rows_failed, 0::double precision as tolerated_share, checked_at,
    true as is_published, build_id as publication_id
from audit.expectation_result;
"""

# The words about each point and about all, made from the positions of the small force.
_ANSWER = """
select force_code, point_code, 1 as place, 'A point' as point_label, 'Is it done?' as question,
    case status when 'met_on_time' then 'YES' when 'overdue' then 'NO'
        when 'no_cases' then 'NO_CASES' else 'NOT_YET' end as answer_code,
    'An answer' as answer, status, 'A word' as status_word, 'A sentence.' as status_words,
    status_since, round(100 * value::numeric, 1) || '%' as figure_words, '1 of 2' as parts_words,
    figure_period as period_words,
    null::text as interval_words, '95%' as target_words, null::text as distance_words,
    'No deadline' as deadline_words,
    case when second_value is not null then '50.0%' end as second_words,
    case when not policy_confirmed then 'Provisional' end as policy_words,
    null::text as trend_words, null::text as change_words, 'No forecast' as forecast_words,
    caveat as caveat_words, publication_id
from candidate.assurance_position;
"""
_HEADLINE = """
select force_code, 'NOT_YET' as answer_code, 'Not yet' as answer, 'Not yet.' as words,
    'Met: a point.' as detail, count(*)::integer as points,
    count(*) filter (where answer_code = 'YES')::integer as points_met, 0 as points_not_due,
    count(*) filter (where answer_code = 'NO_CASES')::integer as points_no_cases,
    0 as points_not_known, publication_id
from candidate.assurance_answer
group by force_code, publication_id;
"""
ANSWERS = (
    f"create table candidate.assurance_answer as {_ANSWER}"
    f"create table candidate.assurance_headline as {_HEADLINE}"
)
ANSWERS_AGAIN = (
    f"delete from candidate.assurance_answer; insert into candidate.assurance_answer {_ANSWER}"
    "delete from candidate.assurance_headline; "
    f"insert into candidate.assurance_headline {_HEADLINE}"
)
