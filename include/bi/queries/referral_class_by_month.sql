-- The number of reported cases, by class and by month of the call.
select
    cast(date_trunc('month', contacted_on) as date) as period_start,
    intelligence_class,
    count(*) as referrals
from marts.fct_nccu_referral
where referral_type = 'IMMIGRATION_CRIME'
group by 1, 2
order by 1, 2
