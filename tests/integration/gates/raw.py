"""SQL that makes the landed records of the small force, on which the gate is tested."""

# The officers have the numbers 1 to 12. An officer's collar number is 900 plus that number.
RAW = """
insert into audit.batch (
    batch_id, run_id, force_code, dataset, source_place, kind, delivered_for, row_count, rows_new,
    rows_rejected, status
)
select place, 'gates', 'E23000022', dataset, dataset, 'file', timestamptz '2026-05-14 23:00Z', 30,
    rows_new, 0, 'landed'
from (values
    (1, 'rms/occurrence', 3), (2, 'rms/nccu_referral', 8), (3, 'rms/custody_record', 2),
    (4, 'intelligence/report', 4), (5, 'intelligence/dissemination', 1),
    (6, 'intelligence/product', 1), (7, 'hr/personnel', 12), (8, 'hr/org_unit', 5),
    (9, 'lms/completions', 2), (10, 'hydra/attendance', 2), (11, 'governance/plans', 2),
    (12, 'governance/recommendations', 1), (13, 'governance/board', 2)
) as batch (place, dataset, rows_new);

create temporary table provenance as
select 'E23000022' as force_code, timestamptz '2026-05-01 00:00Z' as version_at, now() as landed_at;

insert into raw_general.org_unit (
    org_unit_code, org_unit_name, parent_org_unit_code, kind,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select code, code || ' unit', parent, kind, force_code, 8, place, code, version_at, landed_at,
    code, false
from provenance, (values
    (1, 'F', null, 'FORCE'), (2, 'D1', 'F', 'DISTRICT'), (3, 'D2', 'F', 'DISTRICT'),
    (4, 'T1', 'D1', 'TEAM'), (5, 'T2', 'D1', 'TEAM')
) as unit (place, code, parent, kind);

insert into raw_general.personnel (
    employee_no, collar_no, employment_type, role_code, org_unit_code, start_date,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select (100000 + n)::text, (900 + n)::text, 'OFFICER', 'RESPONSE', 'T1', date '2020-01-01',
    force_code, 7, n, (100000 + n)::text, version_at, landed_at, n::text, false
from provenance, generate_series(1, 12) as n;

insert into raw_general.completion (
    employee_no, course_code, module_code, module_version, status, completed_at,
    completed_at_is_ambiguous, score,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select (100000 + n)::text, 'OIC', 'OIC-EL-1', '1', 'COMPLETED', version_at, false, 80,
    force_code, 9, n, n::text, version_at, landed_at, n::text, false
from provenance, generate_series(1, 2) as n;

insert into raw_general.hydra_session (
    session_code, session_date, capacity,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select 'S1', date '2026-03-01', 6, force_code, 10, 1, 'S1', version_at, landed_at, 'a', false
from provenance;

insert into raw_general.hydra_attendance (
    session_code, employee_no, attended, outcome,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select 'S1', '100001', 'Y', 'PASS', force_code, 10, 1, 'S1|1', version_at, landed_at, 'a', false
from provenance;

insert into raw_general.plan (
    plan_ref, strand, approved_date, review_due_date,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select 'PL1', 'COLLECT', date '2025-10-01', date '2026-10-01',
    force_code, 11, 1, 'PL1', version_at, landed_at, 'a', false
from provenance;

insert into raw_general.plan_milestone (
    plan_ref, milestone, due_date,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select 'PL1', 'Trained', date '2026-01-01',
    force_code, 11, 1, 'PL1|1', version_at, landed_at, 'a', false
from provenance;

insert into raw_general.recommendation_event (
    event_at, event_at_is_ambiguous, point_code, party, status,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select version_at, false, 'HYDRA', 'FORCE', 'Complete',
    force_code, 12, 1, '1', version_at, landed_at, 'a', false
from provenance;

insert into raw_general.board_question (
    question_ref, raised_on, point_code, question, asked_of, answered_on, status, answer,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select 'Q1', date '2026-04-01', 'HYDRA', 'When?', 'Chief Constable', date '2026-04-02', 'ANSWERED',
    'Soon', force_code, 13, 1, 'Q1', version_at, landed_at, 'a', false
from provenance;

insert into raw_general.board_action (
    action_ref, question_ref, point_code, action, owner_role, agreed_on, due_on, revised_due_on,
    closed_on, status, evidence_ref,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select 'A1', 'Q1', 'HYDRA', 'Book places', 'Head of Learning', date '2026-04-01',
    date '2026-04-20', date '2026-05-01', date '2026-05-02', 'CLOSED', 'BRD/2026/001',
    force_code, 13, 2, 'A1', version_at, landed_at, 'a', false
from provenance;

insert into raw_law_enforcement.occurrence (
    occurrence_id, occurrence_ref, incident_type_code, is_oic, detection_route, district_code,
    status, occurred_at, reported_at, created_at, updated_at,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select n, '2600000000' || n, 'CLANDESTINE', n < 3, 'LORRY_DROP', 'D1', 'OPEN',
    version_at, version_at, version_at, version_at,
    force_code, 1, n, n::text, version_at, landed_at, n::text, false
from provenance, generate_series(1, 3) as n;

insert into raw_law_enforcement.nccu_referral (
    referral_id, referral_ref, occurrence_ref, reporting_officer_no, channel, referral_type,
    outcome, contacted_at, created_at, updated_at,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select n, 'R' || n, '26000000001', (900 + n)::text, 'PHONE', 'IMMIGRATION_CRIME', 'PENDING',
    contacted_at, contacted_at, contacted_at,
    force_code, 2, n, n::text, contacted_at, landed_at, n::text, false
from provenance, unnest(array[
    '2026-05-01 10:00Z', '2026-05-02 10:00Z', '2026-05-03 10:00Z', '2026-05-04 10:00Z',
    '2026-05-05 10:00Z', '2026-05-14 19:00Z', '2026-05-06 10:00Z', '2026-05-07 10:00Z'
]::timestamptz[]) with ordinality as contact (contacted_at, n);

insert into raw_law_enforcement.custody_record (
    custody_id, occurrence_ref, arresting_officer_no, detention_reason_code, detained_at,
    released_at,
    created_at, updated_at,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select n, '2600000000' || n, '901', 'IMMIGRATION', version_at, version_at + interval '1 day',
    version_at,
    version_at, force_code, 3, n, n::text, version_at, landed_at, n::text, false
from provenance, generate_series(1, 2) as n;

insert into raw_law_enforcement.intelligence_report (
    report_id, report_urn, document_type_code, grading_scheme, protective_marking,
    author_officer_no,
    occurrence_ref, nccu_referral_ref, status, submitted_at, created_at, updated_at,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select n, 'U' || n, 'NCCU_INTEL', '3x5x2', 'OFFICIAL', '901', '26000000001', 'R' || n, 'SUBMITTED',
    version_at, version_at, version_at,
    force_code, 4, n, n::text, version_at, landed_at, n::text, false
from provenance, generate_series(1, 4) as n;

insert into raw_law_enforcement.dissemination (
    dissemination_id, report_urn, recipient_agency, shared_at, created_at, updated_at,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select 1, 'U1', 'NCA', version_at, version_at, version_at,
    force_code, 5, 1, '1', version_at, landed_at, 'a', false
from provenance;

insert into raw_law_enforcement.product (
    product_id, covers_from, covers_to, created_at, updated_at,
    force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint, is_tombstone
)
select 1, date '2026-01-01', date '2026-03-31', version_at, version_at,
    force_code, 6, 1, '1', version_at, landed_at, 'a', false
from provenance;
"""
