-- Reported cases by month of the call, unit, document status and how the document was found. Each case
-- is counted in one row. Districts and teams are those of the as-at day.
with
    published as (
        select cast(date_trunc('month', as_at at time zone 'Europe/London') as date) as this_month
        from marts.publication as publication
        where is_current
    )

select
    day.month_start as period_start,
    to_char(day.month_start, 'YYYY-MM')
    || case when day.month_start = published.this_month then ' so far' else '' end as month,
    day.month_start >= published.this_month - interval '12 months' as is_in_position,
    coalesce(unit.district_label, 'No district') as district_label,
    coalesce(unit.team_label, 'No team') as team_label,
    fact.link_method,
    fact.intelligence_class,
    count(*) as referrals
from marts.fct_nccu_referral as fact
cross join published
inner join marts.dim_date as day on fact.date_day = day.date_day
inner join marts.dim_org_unit as unit on fact.org_unit_code = unit.org_unit_code
where fact.referral_type = 'IMMIGRATION_CRIME'
group by
    day.month_start,
    published.this_month,
    unit.district_label,
    unit.team_label,
    fact.link_method,
    fact.intelligence_class
order by
    day.month_start,
    unit.district_label,
    unit.team_label,
    fact.link_method,
    fact.intelligence_class
