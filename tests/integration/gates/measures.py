"""SQL that makes the small force's figures for each measure, month and unit."""

MEASURES = """
create table candidate.assurance_measure as
select 'E23000022' as force_code, measure as measure_code, point as point_code,
    month as period_start,
    unit as org_unit_code, numerator::bigint, denominator::bigint,
    numerator / nullif(denominator, 0)::double precision as value,
    numerator / nullif(denominator, 0)::double precision * 0.9 as ci_low,
    1 - (1 - numerator / nullif(denominator, 0)::double precision) * 0.9 as ci_high,
    <build>::bigint as publication_id
from (values
    ('nccu_intel_compliance', 'NCCU_INTEL', date '2026-05-01', 'ALL', 2, 5),
    ('nccu_intel_compliance', 'NCCU_INTEL', date '2026-05-01', 'F', 2, 5),
    ('nccu_intel_compliance', 'NCCU_INTEL', date '2026-05-01', 'D1', 2, 5),
    ('nccu_intel_compliance', 'NCCU_INTEL', date '2026-05-01', 'T1', 2, 2),
    ('nccu_intel_compliance', 'NCCU_INTEL', date '2026-05-01', 'T2', 0, 3),
    ('nccu_intel_compliance_all_types', 'NCCU_INTEL', date '2026-05-01', 'ALL', 2, 6),
    ('nccu_intel_compliance_all_types', 'NCCU_INTEL', date '2026-05-01', 'F', 2, 6),
    ('nccu_intel_compliance_all_types', 'NCCU_INTEL', date '2026-05-01', 'D1', 2, 6),
    ('nccu_intel_compliance_all_types', 'NCCU_INTEL', date '2026-05-01', 'T1', 2, 3),
    ('nccu_intel_compliance_all_types', 'NCCU_INTEL', date '2026-05-01', 'T2', 0, 3),
    ('nccu_intel_in_time', 'NCCU_INTEL', date '2026-05-01', 'ALL', 1, 5),
    ('nccu_intel_in_time', 'NCCU_INTEL', date '2026-05-01', 'F', 1, 5),
    ('nccu_intel_in_time', 'NCCU_INTEL', date '2026-05-01', 'D1', 1, 5),
    ('nccu_intel_in_time', 'NCCU_INTEL', date '2026-05-01', 'T1', 1, 2),
    ('nccu_intel_in_time', 'NCCU_INTEL', date '2026-05-01', 'T2', 0, 3),
    ('nccu_capture_completeness', 'NCCU_INTEL', date '2026-05-01', 'ALL', 1, 2),
    ('intel_plan_strands_met', 'INTEL_PLAN', date '2026-05-01', 'ALL', 2, 3)
) as figure (measure, point, month, unit, numerator, denominator);

insert into candidate.assurance_measure
select 'E23000022', 'nccu_hours_to_submission_' || percentile, 'NCCU_INTEL', date '2026-05-01',
    'ALL',
    null, 2, hours, null, null, <build>
from (values ('p50', 16.0), ('p90', 27.2)) as figure (percentile, hours);

create table candidate.fct_measure_month as
select figure.force_code, figure.measure_code, 'A measure' as measure_label, figure.point_code,
    'A point' as point_label, figure.period_start as date_day, figure.org_unit_code,
    'A unit' as org_unit_label, true as is_complete_period, figure.numerator, figure.denominator,
    figure.publication_id
from candidate.assurance_measure as figure
where figure.measure_code = 'nccu_intel_compliance' and figure.org_unit_code in ('T1', 'T2');
"""

# Training figures for May, and a figure of every measure for April. In April, only the plan measure
# has a value. All other measures have the denominator 0.
TRAINING_MEASURES = """
insert into candidate.assurance_measure
select 'E23000022', measure, point, date '2026-05-01', 'ALL', numerator, denominator,
    numerator / denominator::double precision, numerator / denominator::double precision * 0.9,
    1 - (1 - numerator / denominator::double precision) * 0.9, <build>
from (values
    ('hydra_completion', 'HYDRA', 1, 1), ('hydra_completion_incl_absent', 'HYDRA', 1, 2),
    ('elearning_completion', 'ELEARNING', 1, 2),
    ('elearning_completion_incl_absent', 'ELEARNING', 2, 3),
    ('elearning_module_1', 'ELEARNING', 2, 2), ('elearning_module_2', 'ELEARNING', 2, 2),
    ('elearning_module_3', 'ELEARNING', 1, 2), ('elearning_module_4', 'ELEARNING', 1, 2)
) as figure (measure, point, numerator, denominator);

insert into candidate.assurance_measure
select force_code, measure_code, point_code, date '2026-04-01', 'ALL',
    case when measure_code like 'nccu_hours%' then null else 0 end,
    case measure_code when 'intel_plan_strands_met' then 3 else 0 end,
    case measure_code when 'intel_plan_strands_met' then 0 end,
    case measure_code when 'intel_plan_strands_met' then 0 end,
    case measure_code when 'intel_plan_strands_met' then 0.5 end, publication_id
from candidate.assurance_measure
where org_unit_code = 'ALL';
"""

# Only the measure of plans has limits. Its one complete month has the value 0.
CONTROL_LIMITS = """
create table candidate.assurance_spc as
select force_code, measure_code, point_code, point_code <> 'NCCU_INTEL' as is_snapshot,
    period_start,
    period_start = '2026-04-01' as is_complete_period, numerator, denominator, value,
    case measure_code when 'intel_plan_strands_met' then 1.0::double precision end as target,
    case measure_code when 'intel_plan_strands_met' then 'XMR' end as kind,
    case measure_code when 'intel_plan_strands_met' then 0.0::double precision end as centre,
    case measure_code when 'intel_plan_strands_met' then 0.0::double precision end as lower,
    case measure_code when 'intel_plan_strands_met' then 0.4::double precision end as upper,
    case when measure_code = 'intel_plan_strands_met' and period_start = '2026-04-01'
        then 'COMMON' end as variation,
    null::text as special_cause,
    case when measure_code = 'intel_plan_strands_met' and period_start = '2026-04-01'
        then 'WILL_NOT_MEET' end as assurance,
    date '2026-04-01' as baseline_from, null::date as baseline_to, 12 as baseline_months,
    null::text as baseline_reason, null::text as baseline_decided_by,
    null::date as baseline_decided_on,
    case measure_code when 'intel_plan_strands_met' then null
        else 'Complete months with a value in the baseline: 0. Limits need at least 12.'
    end as why_none,
    publication_id
from candidate.assurance_measure
where org_unit_code = 'ALL';
"""
