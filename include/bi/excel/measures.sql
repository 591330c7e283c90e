-- The measures that may be added up, by month and unit. Each record is in one row of a measure.
select
    fact.measure_label as "Measure",
    fact.date_day as "Month",
    day.financial_year as "Financial year",
    day.financial_quarter as "Quarter",
    coalesce(unit.directorate_label, 'None') as "Directorate",
    coalesce(unit.district_label, 'None') as "District",
    coalesce(unit.team_label, unit.org_unit_name) as "Team",
    fact.numerator as "Met",
    fact.denominator as "Of",
    fact.publication_id as "Publication"
from marts.fct_measure_month as fact
inner join marts.dim_date as day on fact.date_day = day.date_day
inner join marts.dim_org_unit as unit on fact.org_unit_code = unit.org_unit_code
order by fact.measure_label, fact.date_day, fact.org_unit_code
