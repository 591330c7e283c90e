-- The shares and counts that may be added up, by month and unit. Each record is in one row of a measure, so
-- the rows may be added up over any months and units. Districts and teams are those of the as-at day.
with
    published as (
        select cast(date_trunc('month', as_at at time zone 'Europe/London') as date) as this_month
        from marts.publication as publication
        where is_current
    )

select
    fact.point_code,
    fact.measure_code,
    fact.measure_label as title,
    measure.is_of_position,
    measure.unit_of_value,
    fact.date_day as period_start,
    fact.is_complete_period,
    fact.date_day >= published.this_month - interval '12 months' as is_in_position,
    coalesce(unit.district_label, 'No district') as district_label,
    coalesce(unit.team_label, 'No team') as team_label,
    fact.org_unit_label,
    fact.numerator,
    fact.denominator,
    point.target
from marts.fct_measure_month as fact
cross join published
inner join marts.dim_measure as measure on fact.measure_code = measure.measure_code
inner join marts.dim_org_unit as unit on fact.org_unit_code = unit.org_unit_code
left join marts.dim_point as point on fact.measure_code = point.measure_code
order by fact.measure_code, fact.date_day, fact.org_unit_code
