-- The number of reported cases in the last twelve complete months and the current month, by how a
-- case's document was found, and by class.
with
    published as (
        select date_trunc('month', as_at at time zone 'Europe/London') as this_month
        from marts.publication as publication
        where is_current
    )

select
    referral.link_method, referral.intelligence_class, count(*) as referrals
from marts.fct_nccu_referral as referral
cross join published
where
    referral.referral_type = 'IMMIGRATION_CRIME'
    and referral.contacted_on >= published.this_month - interval '12 months'
group by referral.link_method, referral.intelligence_class
order by referral.link_method, referral.intelligence_class
