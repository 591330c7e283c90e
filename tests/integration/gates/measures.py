"""SQL that makes the small force's records of each measure, and its figures by month and unit."""

# All measures of a point count the same records, all in May. A measure in hours counts those that
# meet the measure.
RECORDS = """
create table intermediate.int_measure_record as
select 'E23000022' as force_code, measure.code as measure_code, date '2026-05-01' as period_start,
    unit as org_unit_code, date '2026-05-01' as rolled_up_on,
    case when unit_of_value <> 'hours' then met end as numerator, 1 as denominator,
    hours::double precision as hours_to_submission
from (values
    ('NCCU_INTEL', 'T1', 1, 2), ('NCCU_INTEL', 'T1', 1, 30), ('NCCU_INTEL', 'T2', 0, null),
    ('NCCU_INTEL', 'T2', 0, null), ('NCCU_INTEL', 'T2', 0, null), ('HYDRA', 'T1', 1, null),
    ('ELEARNING', 'T1', 1, null), ('ELEARNING', 'T1', 0, null), ('INTEL_PLAN', 'ALL', 1, null),
    ('INTEL_PLAN', 'ALL', 1, null), ('INTEL_PLAN', 'ALL', 0, null)
) as record (point, unit, met, hours)
inner join (values <measures>) as measure (code, point, unit_of_value, percentile, better)
    using (point)
where unit_of_value <> 'hours' or met = 1;

-- In April, no strand was met.
insert into intermediate.int_measure_record
select force_code, measure_code, date '2026-04-01', org_unit_code, date '2026-04-30',
    0 * numerator, denominator, hours_to_submission
from intermediate.int_measure_record
where org_unit_code = 'ALL';

create table intermediate.int_immigration_custody as
select 'E23000022' as force_code, date '2026-05-01' as detained_on, has_referral
from (values (true), (false)) as custody (has_referral);
"""

MEASURES = """
create table candidate.assurance_measure as
with rolled_up as (
    select record.*, unit.code as unit_code
    from intermediate.int_measure_record as record
    cross join lateral (
        select ancestor_code as code
        from intermediate.int_org_unit_ancestor as unit_above
        where unit_above.org_unit_code = record.org_unit_code
        union
        select 'ALL'
    ) as unit
),

figure as (
    select measure_code, period_start, unit_code as org_unit_code,
        sum(numerator) as numerator, count(*) as denominator,
        sum(numerator) filter (where unit_code = org_unit_code) as own_numerator,
        count(numerator) filter (where unit_code = org_unit_code) as own_denominator,
        array_agg(hours_to_submission) as hours
    from rolled_up
    group by measure_code, period_start, unit_code
),

whole_force as (
    select measure.*, month as period_start, 'ALL' as org_unit_code
    from (values <measures>) as measure (code, point, unit_of_value, percentile, better)
    cross join (values (date '2026-04-01'), (date '2026-05-01')) as month (month)
),

place as (
    select code as measure_code, period_start, org_unit_code
    from whole_force
    union
    select measure_code, period_start, org_unit_code
    from figure
),

valued as (
    select place.*, measure.point, measure.unit_of_value,
        case when unit_of_value <> 'hours' then coalesce(numerator, 0) end as numerator,
        coalesce(denominator, 0) as denominator, own_numerator, own_denominator,
        case unit_of_value
            when 'share' then numerator / denominator::double precision
            when 'count' then case when denominator > 0 then numerator end
            else (
                select percentile_cont(nullif(measure.percentile, '')::double precision)
                    within group (order by hour)
                from unnest(hours) as hour
            )
        end as value
    from place
    left join figure using (measure_code, period_start, org_unit_code)
    inner join (values <measures>) as measure (code, point, unit_of_value, percentile, better)
        on place.measure_code = measure.code
)

select 'E23000022' as force_code, measure_code, point as point_code, period_start, org_unit_code,
    numerator::bigint, denominator::bigint, own_numerator::bigint, own_denominator::bigint, value,
    case unit_of_value when 'share' then value * 0.9 end as ci_low,
    case unit_of_value when 'share' then 1 - (1 - value) * 0.9 end as ci_high,
    <build>::bigint as publication_id
from valued;

create table candidate.fct_measure_month as
select figure.force_code, figure.measure_code, 'A measure' as measure_label, figure.point_code,
    'A point' as point_label, figure.period_start as date_day, figure.org_unit_code,
    'A unit' as org_unit_label, true as is_complete_period, figure.numerator, figure.denominator,
    figure.publication_id
from candidate.assurance_measure as figure
where figure.measure_code = 'nccu_intel_compliance' and figure.org_unit_code in ('T1', 'T2');
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
    case when measure_code = 'intel_plan_strands_met' and period_start = '2026-04-01'
        then null else 'There is no verdict.' end as why_no_assurance,
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
