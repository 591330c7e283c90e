"""A small force whose tables pass every expectation until the gate's tests damage them.

The force has twelve officers, eight referrals, and figures for April and May 2026. The tables have
the columns of the mart contract but no constraints, so that a test can damage them in every way
that an expectation notices.
"""

from datetime import UTC, datetime

import psycopg

from expectations.catalogue import suites
from expectations.shared.code_lists import MEASURE_OF_POINT, POINTS, sql_rows
from expectations.vocabulary import Suite
from oic_assurance.builds.declared import read_declared
from oic_assurance.builds.record import Build, get_build
from oic_assurance.landing.land import ensure_raw_tables
from oic_assurance.settings import PROJECT_ROOT, Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse.connections import connect
from tests.integration.asking import ask
from tests.integration.gates.compared_publication import PREVIOUS, SHOWN_BEFORE
from tests.integration.gates.measures import CONTROL_LIMITS, MEASURES, RECORDS
from tests.integration.gates.position import ANSWERS, ANSWERS_AGAIN, POSITIONS
from tests.integration.gates.raw import RAW

FORCE = "E23000022"
#: The points that the scripts write out.
FOUR = ("NCCU_INTEL", "INTEL_PLAN", "HYDRA", "ELEARNING")
AS_AT = datetime(2026, 5, 15, 4, 30, tzinfo=UTC)


def make_world(settings: Settings) -> Build:
    """Fill a migrated warehouse with the small force and return its build."""
    ensure_raw_tables(settings)
    ask(settings, RAW, login="oic_landing")
    with connect(settings, role="oic_transform") as connection:
        connection.execute(PREVIOUS.encode())
        row = connection.execute(
            """
            insert into audit.build (
                run_id, as_at, known_batch_id, purpose, rules_fingerprint, compared_with
            )
            select 'gates', %s, 1000, 'daily', rules_fingerprint, max(build_id)
            from audit.build
            group by rules_fingerprint
            returning build_id
            """,
            (AS_AT,),
        ).fetchone()
        assert row is not None
        build = get_build(connection, row[0])
        connection.commit()
        ask(settings, SHOWN_BEFORE.format(before=build.compared_with), login="oic_publish")
        further = [one for one in POINTS if one not in FOUR]
        for script in (
            POLICY,
            UNITS,
            FACTS,
            RECORDS,
            MEASURES,
            CONTROL_LIMITS,
            POSITIONS,
            ANSWERS,
            RELEASE,
        ):
            for name, value in (
                ("<build>", str(build.build_id)),
                ("<measures>", _measures()),
                ("<datasets>", sql_rows(datasets())),
                ("<further points>", sql_rows(further, [MEASURE_OF_POINT[one] for one in further])),
            ):
                script = script.replace(name, value)
            connection.execute(script.encode())
    return build


def _measures() -> str:
    """Return SQL for the rows of the measures: code, point, unit, percentile, better."""
    declared = read_declared(PROJECT_ROOT).measures
    rows = [
        (code, one["point"], one["unit"], str(one.get("percentile", "")), one["better"])
        for code, one in declared.items()
    ]
    return sql_rows(*zip(*rows, strict=True))


def suites_with_rows() -> list[Suite]:
    """Return the suites of the marts, and of the raw tables in which the small force has rows.

    A source that is added to the project has none here.
    """
    return [one for one in suites() if one.stage != "landing" or f"into {one.name} (" in RAW]


def empty_world(connection: psycopg.Connection) -> None:
    """Empty every table of records, as in a warehouse whose sources have no records.

    Some tables have rows even without records, for example the calendar, the register of the
    points, and the organisational unit of the whole force. These rows stay.
    """
    rows = connection.execute(
        "select schemaname, tablename from pg_tables "
        "where schemaname in "
        "('raw_general', 'raw_law_enforcement', 'candidate', 'candidate_public')"
    ).fetchall()
    without_records = {
        "assurance_answer",
        "assurance_headline",
        "assurance_position",
        "assurance_position_day",
        "data_quality_history",
        "data_quality_status",
        "dim_date",
        "dim_measure",
        "dim_point",
        "dim_recommendation",
        "source_freshness",
    }
    for schema, table in rows:
        if table not in without_records:
            connection.execute(f"delete from {schema}.{table}".encode())
    for table in ("int_sign_off_step", "int_measure_record", "int_immigration_custody"):
        connection.execute(f"delete from intermediate.{table}".encode())
    connection.execute((EMPTY + ANSWERS_AGAIN).encode())


EMPTY = """
insert into candidate.dim_org_unit
select 'E23000022', code, code, null, kind, true, publication_id
from (values ('ALL', 'FORCE'), ('UNKNOWN', 'UNKNOWN')) as unit (code, kind), (
    select distinct publication_id from candidate.dim_date
) as build;
update candidate.assurance_position
set numerator = 0, denominator = 0, value = null, ci_low = null, ci_high = null,
    second_numerator = 0 * second_numerator, second_denominator = 0 * second_denominator,
    second_value = null, forecast_date = null, disagrees = false, disagrees_since = null,
    value_at_deadline = null, status = 'no_cases',
    status_at_deadline = case when deadline is not null then 'no_cases' end;
update intermediate.int_position as given set status = position.status
from candidate.assurance_position as position
where given.point_code = position.point_code;
update candidate.assurance_position_day
set numerator = 0, denominator = 0, value = null, status = 'no_cases';
update candidate_public.assurance_position as public
set status = position.status, status_on = date '2026-05-15',
    is_suppressed = position.point_code <> 'INTEL_PLAN',
    figures_from = null, figures_to = null, value = null,
    numerator = case when position.point_code = 'INTEL_PLAN' then 0 end,
    denominator = case when position.point_code = 'INTEL_PLAN' then 0 end
from candidate.assurance_position as position
where position.point_code = public.point_code;
delete from candidate.data_quality_status;
insert into candidate.data_quality_status
select 'E23000022', dataset, dimension, severity, count(*), count(*) filter (where not success),
    now(),
    case when bool_and(success) then 'passed' else severity end,
    (select distinct publication_id from candidate.dim_date)
from audit.latest_expectation_result
where stage <> 'sealed'
group by 1, 2, 3, 4;
delete from audit.batch;
"""

POLICY = """
create table policy.policy_threshold as
select name, value::double precision as value, date '2020-01-01' as effective_from,
    null::date as effective_to
from (values
    ('timely_hours', 24), ('grace_hours', 72), ('before_call_hours', 24),
    ('suppression_threshold', 5), ('comment_days', 56)
) as threshold (name, value);
create table policy.policy_staleness as
select dataset, date '2020-01-01' as effective_from, null::date as effective_to
from (values <datasets>) as declared (dataset);
create table policy.point_dataset as
select 'HYDRA' as point_code, dataset, true as can_move from policy.policy_staleness;
create table policy.measure_dataset as
select 'hydra_completion' as measure_code, dataset from policy.policy_staleness;
create table policy.policy_point as
select code as point_code, approved_by, date '2025-01-01' as starts_on,
    date '2020-01-01' as effective_from, null::date as effective_to
from (values
    ('NCCU_INTEL', 'awaiting confirmation'), ('INTEL_PLAN', null), ('HYDRA', 'The Board'),
    ('ELEARNING', 'awaiting confirmation')
) as point (code, approved_by);
create table policy.policy_board_question as
select code as rule_code, point as point_code, kind as rule_kind, class as record_class,
    fewest as fewest_records, threshold::double precision, effective_from::date,
    null::date as effective_to
from (values
    ('NCCU_TEAM', 'NCCU_INTEL', 'TEAM', 'missing', 2, 0.1, '2020-01-01'),
    ('ELEARNING_DEADLINE', 'ELEARNING', 'DEADLINE', null, 1, 1, '2020-01-01'),
    ('HYDRA_SOURCE', 'HYDRA', 'SOURCE', null, 1, 1, '2020-01-01'),
    ('TO_COME', 'ELEARNING', 'DEADLINE', null, 1, 1, '2027-01-01')
) as rule (code, point, kind, class, fewest, threshold, effective_from);
create schema candidate;
create schema candidate_public;
"""

UNITS = """
create table intermediate.int_org_unit_ancestor as
select 'E23000022' as force_code, code as org_unit_code, above as ancestor_code,
    date '1900-01-01' as valid_from, date '9999-12-31' as valid_to
from (values
    ('F', 'F'), ('D1', 'D1'), ('D1', 'F'), ('D2', 'D2'), ('D2', 'F'),
    ('T1', 'T1'), ('T1', 'D1'), ('T1', 'F'), ('T2', 'T2'), ('T2', 'D1'), ('T2', 'F')
) as line (code, above);

create table candidate.dim_org_unit as
select 'E23000022' as force_code, code as org_unit_code, code || ' unit' as org_unit_name,
    parent as parent_org_unit_code, kind, true as is_current, <build>::bigint as publication_id
from (values
    ('ALL', null, 'FORCE'), ('UNKNOWN', null, 'UNKNOWN'), ('F', 'ALL', 'DIRECTORATE'),
    ('D1', 'F', 'DISTRICT'), ('D2', 'F', 'DISTRICT'), ('T1', 'D1', 'TEAM'), ('T2', 'D1', 'TEAM')
) as unit (code, parent, kind);

create table candidate.dim_officer as
select 'E23000022' as force_code, md5(n::text) as officer_key, valid_from, valid_to,
    valid_to > date '2026-05-15' as is_current, true as is_resolved,
    case when valid_to > date '2026-05-15' then 'OFFICER' end as employment_type,
    case when valid_to > date '2026-05-15' then 'CONSTABLE_TO_SERGEANT' end as rank_group,
    case when valid_to > date '2026-05-15' then 'NEEDS_MODULES' end as role_group,
    'T1' as org_unit_code, <build>::bigint as publication_id
from generate_series(1, 12) as n, (values
    (date '1900-01-01', date '2026-01-01'), (date '2026-01-01', date '9999-12-31')
) as version (valid_from, valid_to);

create table candidate.dim_date as
select 'E23000022' as force_code, day::date as date_day, date_trunc('month',
    day)::date as month_start,
    extract(year from day)::int as calendar_year, extract(month from day)::int as calendar_month,
    extract(day from day)::int as day_of_month, extract(isodow from day)::int as iso_day_of_week,
    extract(isodow from day) > 5 as is_weekend, 24::double precision as hours_in_day,
    <build>::bigint as publication_id
from generate_series(timestamp '2026-04-01', timestamp '2026-05-31', interval '1 day') as day;

create table candidate.dim_recommendation as
select 'E23000022' as force_code, code as recommendation_code, point as point_code,
    'What is to be done' as title, null::text as partners, null::date as deadline, 'open' as status,
    date '2026-03-21' as report_published_on, date '2026-05-15' as comment_due_on,
    null::date as commented_on, null::text as commented_by_role, 'RUNNING' as comment_status,
    0 as days_to_comment, <build>::bigint as publication_id
from (values
    ('NCCU_INTEL', 'NCCU_INTEL'), ('INTEL_PLAN', 'INTEL_PLAN'), ('HYDRA', 'HYDRA'),
    ('ELEARNING', 'ELEARNING'), ('TRACKED_A', null)
) as recommendation (code, point);

create table candidate.dim_measure as
select 'E23000022' as force_code, code as measure_code, 'HYDRA' as point_code, 'A measure' as title,
    unit_of_value, 'What it says' as description, better = 'more' as more_is_better,
    code = 'nccu_intel_compliance' as may_be_added_up, false as is_of_position,
    <build>::bigint as publication_id
from (values <measures>) as measure (code, point, unit_of_value, percentile, better);

create table candidate.dim_point as
select 'E23000022' as force_code, code as point_code, 'A point' as title,
    'Is it done?' as question, measure as measure_code, second as second_measure_code, target,
    unit as target_unit, deadline::date, 'Chief Constable' as owner_role,
    false as is_owner_confirmed, <build>::bigint as publication_id
from (values
    ('NCCU_INTEL', 'nccu_intel_compliance', 'nccu_intel_compliance_all_types',
        1::double precision, 'share', null),
    ('INTEL_PLAN', 'intel_plan_strands_met', null, 3, 'strands', '2025-12-31'),
    ('HYDRA', 'hydra_completion', 'hydra_completion_incl_absent', 0.95, 'share', '2026-04-30'),
    ('ELEARNING', 'elearning_completion', 'elearning_completion_incl_absent', 0.95, 'share',
        '2026-04-30')
) as point (code, measure, second, target, unit, deadline);
insert into candidate.dim_point
select (jsonb_populate_record(one, jsonb_build_object(
    'point_code', code, 'measure_code', measure, 'second_measure_code', null
))).*
from candidate.dim_point as one, (values <further points>) as further (code, measure)
where point_code = 'ELEARNING';
insert into candidate.dim_recommendation
select (jsonb_populate_record(one, jsonb_build_object(
    'point_code', code, 'recommendation_code', code
))).*
from candidate.dim_recommendation as one, (values <further points>) as further (code, measure)
where point_code = 'ELEARNING';

create table candidate.source_freshness as
select 'E23000022' as force_code, dataset, timestamptz '2026-05-15 00:00Z' as last_record_at,
    timestamptz '2026-05-15 00:00Z' as last_landed_at, timestamptz '2026-05-17 00:00Z' as due_by,
    'fresh' as verdict, null::text as reason, <build>::bigint as publication_id
from (values <datasets>) as declared (dataset);
"""

FACTS = """
create table candidate.fct_intelligence_report as
select 'E23000022' as force_code, 'U' || n as report_urn, 'NCCU_INTEL' as document_type_code,
    submitted_at, submitted_at::date as submitted_on, 'SUBMITTED' as status,
    '3x5x2' as grading_scheme,
    n <> 4 as is_graded_validly, 'P' as handling_code, md5('1') as officer_key,
    <build>::bigint as publication_id
from unnest(array[
    '2026-05-01 12:00Z', '2026-05-03 16:00Z', '2026-05-03 12:00Z', '2026-05-04 12:00Z'
]::timestamptz[]) with ordinality as document (submitted_at, n);

create table candidate.fct_nccu_referral as
select 'E23000022' as force_code, 'R' || n as referral_ref, '26000000001' as occurrence_ref,
    contacted_at, contacted_at::date as contacted_on, 'PHONE' as channel, type as referral_type,
    unit as org_unit_code, md5(n::text) as officer_key, true as is_officer_resolved,
    class as intelligence_class,
    case when urn is null then 'NONE' else 'REFERRAL_REF' end as link_method,
    urn as report_urn,
    (extract(epoch from submitted_at - contacted_at) / 3600)::double precision
        as hours_to_submission,
    type = 'IMMIGRATION_CRIME' and class <> 'awaiting' as is_counted,
    <build>::bigint as publication_id
from (values
    (1, 'IMMIGRATION_CRIME', 'T1', 'submitted_in_time', 'U1'),
    (2, 'IMMIGRATION_CRIME', 'T1', 'submitted_late', 'U2'),
    (3, 'IMMIGRATION_CRIME', 'T2', 'submitted_by_other', 'U3'),
    (4, 'IMMIGRATION_CRIME', 'T2', 'submitted_invalid', 'U4'),
    (5, 'IMMIGRATION_CRIME', 'T2', 'missing', null),
    (6, 'IMMIGRATION_CRIME', 'T1', 'awaiting', null),
    (7, 'STATUS_CHECK', 'T1', 'missing', null),
    (8, 'VICTIM', 'UNKNOWN', 'missing', null)
) as referral (n, type, unit, class, urn)
inner join (
    select referral_id, contacted_at from raw_law_enforcement.nccu_referral
) as contact on contact.referral_id = referral.n
left join candidate.fct_intelligence_report as document on document.report_urn = referral.urn;

create table candidate.fct_oic_incident as
select 'E23000022' as force_code, '2600000000' || n as occurrence_ref,
    timestamptz '2026-05-01 00:00Z' as reported_at, date '2026-05-01' as reported_on,
    'LORRY_DROP' as detection_route, 'D1' as district_code, 3 as persons_count,
    case n when 1 then 8 else 0 end::bigint as referral_count, 0::bigint as intelligence_count,
    <build>::bigint as publication_id
from generate_series(1, 2) as n;

-- One is complete in everything, two has half the modules, three is away without Hydra, four left.
create table candidate.fct_training_requirement as
select 'E23000022' as force_code, md5(n::text) as officer_key, code as requirement_code,
    case code when 'HYDRA' then 'HYDRA' else 'ELEARNING' end as point_code, 'T1' as org_unit_code,
    n <> 4 as is_in_post, n = 3 as is_long_term_absent, complete as is_complete,
    case when complete then date '2026-02-01' end as completed_on, <build>::bigint as publication_id
from (values
    (1, 'HYDRA', true), (1, 'OIC-EL-1', true), (1, 'OIC-EL-2', true), (1, 'OIC-EL-3', true),
    (1, 'OIC-EL-4', true), (2, 'OIC-EL-1', true), (2, 'OIC-EL-2', true), (2, 'OIC-EL-3', false),
    (2, 'OIC-EL-4', false), (3, 'HYDRA', false), (3, 'OIC-EL-1', true), (3, 'OIC-EL-2', true),
    (3, 'OIC-EL-3', true), (3, 'OIC-EL-4', true), (4, 'OIC-EL-1', false)
) as needed (n, code, complete);

create table candidate.fct_plan_strand as
select 'E23000022' as force_code, strand, 'PL-' || strand as plan_ref, met as has_owner,
    date '2025-10-01' as approved_on, date '2026-10-01' as review_due_on, true as has_evidence,
    met as is_met, met as is_met_on_time, <build>::bigint as publication_id
from (values ('COLLECT', true), ('ANALYSE', true), ('SHARE', false)) as plan (strand, met);

create table candidate.board_question as
select 'E23000022' as force_code, point as point_code, rank, rule as rule_code,
    unit as org_unit_code, words, numerator::bigint, denominator::bigint,
    reference_numerator::bigint, reference_denominator::bigint, since::date,
    <build>::bigint as publication_id
from (values
    ('NCCU_INTEL', 1, 'NCCU_TEAM', 'T2', 'T2 unit: 1 of 3?', 1, 3, 0, 2, '2025-05-01'),
    ('ELEARNING', 1, 'ELEARNING_DEADLINE', 'ALL', 'By when?', 1, 2, null, null, '2026-05-01')
) as question (
    point, rank, rule, unit, words, numerator, denominator, reference_numerator,
    reference_denominator, since
);

create table candidate.board_action as
select 'E23000022' as force_code, 'A1' as action_ref, 'Q1' as question_ref, 'HYDRA' as point_code,
    'Book places' as action, 'Head of Learning' as owner_role, date '2026-04-01' as agreed_on,
    date '2026-04-20' as first_due_on, date '2026-05-01' as due_on, 1 as times_moved,
    null::date as closed_on, 'OVERDUE' as status, 'Overdue' as status_label, 14 as days_overdue,
    'BRD/2026/001' as evidence_ref, null::text as evidence_sha256, null::text as closed_but,
    null::text as closed_but_label, <build>::bigint as publication_id;

create table candidate.board_log_question as
select 'E23000022' as force_code, 'Q1' as question_ref, 'HYDRA' as point_code,
    'When?' as question, 'Chief Constable' as asked_of, date '2026-04-01' as raised_on,
    null::date as answered_on, 'OPEN' as status, 'Open' as status_label, null::text as answer,
    44 as days_open, 1 as actions, <build>::bigint as publication_id;

create table candidate.assurance_exception as
select 'E23000022' as force_code, md5(code || ref) as exception_key, code as exception_code,
    point as point_code, ref as record_ref, unit as org_unit_code, key as officer_key,
    timestamptz '2026-05-05 10:00Z' as opened_at, timestamptz '2026-05-06 04:30Z' as first_seen_at,
    case when ref = 'SHARE' then timestamptz '2026-05-12 04:30Z' end as reopened_at,
    case when ref = 'SHARE' then 1 else 0 end as times_reopened, 10 as age_days, '8-28' as age_band,
    <build>::bigint as publication_id
from (values
    ('REFERRAL_DOCUMENT_MISSING', 'NCCU_INTEL', 'R5', 'T2', md5('5')),
    ('TRAINING_OUTSTANDING', 'ELEARNING', 'OIC-EL-3', 'T1', md5('2')),
    ('PLAN_STRAND_NOT_MET', 'INTEL_PLAN', 'SHARE', 'ALL', null),
    ('BOARD_ACTION_OVERDUE', 'HYDRA', 'A1', 'ALL', null)
) as exception (code, point, ref, unit, key);

create table candidate.assurance_exception_summary as
select force_code, exception_code, point_code, org_unit_code, age_band, count(*) as exceptions,
    count(distinct officer_key) as people, max(age_days) as oldest_age_days, publication_id
from candidate.assurance_exception
group by force_code, exception_code, point_code, org_unit_code, age_band, publication_id;

create table candidate.assurance_exception_history as
select force_code, exception_key, 1 + times_reopened as spell, exception_code, point_code,
    record_ref, org_unit_code, officer_key, coalesce(reopened_at, opened_at) as opened_at,
    coalesce(reopened_at, first_seen_at) as first_seen_at, null::timestamptz as closed_at,
    null::text as closed_because, true as is_open, true as is_latest, publication_id
from candidate.assurance_exception
union all
select force_code, exception_key, 1, exception_code, point_code, record_ref, org_unit_code,
    officer_key, opened_at, first_seen_at, timestamptz '2026-05-09 04:30Z', 'STRAND_MET', false,
    false, publication_id
from candidate.assurance_exception
where times_reopened > 0;

create table candidate.restatement as
select 'E23000022' as force_code, 'nccu_intel_compliance' as measure_code,
    date '2026-04-01' as period_start, 'ALL' as org_unit_code,
    0.98::double precision as value_before,
    1.0::double precision as value_after, 'LATE_RECORD' as cause, 1::bigint as record_count,
    3 as step, 0.98::double precision as value_from, 1.0::double precision as value_to,
    0.02::numeric(38, 15) as value_change,
    <build>::bigint as publication_id;
"""

RELEASE = """
create table policy.policy_public_measure as
select measure_code, counted_as, null::text as completes, date '2020-01-01' as effective_from,
    null::date as effective_to
from (values
    ('nccu_intel_compliance', 'events'), ('hydra_completion', 'people'),
    ('elearning_completion', 'people'),
    ('intel_plan_strands_met', 'strands')
) as public_measure (measure_code, counted_as);

create table candidate_public.assurance_period as
select force_code, measure_code, point_code, period_start, date '2026-04-30' as period_end,
    org_unit_code, numerator, denominator, value, publication_id
from candidate.assurance_measure
inner join policy.policy_public_measure using (measure_code)
where counted_as <> 'strands' and org_unit_code = 'ALL' and period_start = '2026-04-01';

create table candidate_public.assurance_measure as
select figure.force_code, figure.measure_code, figure.point_code, figure.period_start,
    unit.org_unit_code,
    figure.point_code <> 'INTEL_PLAN' and released.force_code is null as is_suppressed,
    case when figure.point_code = 'INTEL_PLAN' or released.force_code is not null
        then figure.numerator end as numerator,
    case when figure.point_code = 'INTEL_PLAN' or released.force_code is not null
        then figure.denominator end as denominator,
    case when figure.point_code = 'INTEL_PLAN' or released.force_code is not null
        then figure.numerator / nullif(figure.denominator, 0)::double precision end as value,
    figure.publication_id
from candidate.assurance_measure as figure
cross join (values ('ALL'), ('D1'), ('D2')) as unit (org_unit_code)
left join candidate_public.assurance_period as released
    on figure.measure_code = released.measure_code
    and figure.period_start = released.period_start
    and unit.org_unit_code = released.org_unit_code
inner join candidate.dim_measure as measure
    on figure.measure_code = measure.measure_code and measure.unit_of_value <> 'hours'
where figure.org_unit_code = 'ALL'
    and (unit.org_unit_code = 'ALL' or figure.point_code <> 'INTEL_PLAN');

create table candidate_public.assurance_position as
select force_code, point_code, as_at,
    case when point_code in ('HYDRA', 'ELEARNING') then date '2026-04-30' else date '2026-05-15' end
        as status_on,
    status, 'NOT_YET' as answer_code, point_code = 'NCCU_INTEL' as is_suppressed,
    case when point_code in ('HYDRA', 'ELEARNING') then date '2026-04-01' end as figures_from,
    case when point_code in ('HYDRA', 'ELEARNING') then date '2026-04-30' end as figures_to,
    case point_code when 'INTEL_PLAN' then numerator when 'NCCU_INTEL' then null else 0 end
        as numerator,
    case point_code when 'INTEL_PLAN' then denominator when 'NCCU_INTEL' then null else 0 end
        as denominator,
    case when point_code = 'INTEL_PLAN' then value end as value,
    1::double precision as target, policy_confirmed, second_reading,
    null::bigint as second_numerator, null::bigint as second_denominator,
    null::double precision as second_value,
    deadline, days_to_deadline, status_at_deadline, source_status,
    0::bigint as records_left_out_at_most, 0::bigint as files_left_out,
    publication_id
from candidate.assurance_position;
update candidate_public.assurance_position as public
set is_suppressed = true, numerator = null, denominator = null, figures_from = null,
    figures_to = null, status_on = date '2026-05-15'
from (values <further points>) as further (code, measure)
where public.point_code = further.code;
"""
