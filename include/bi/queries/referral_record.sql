-- One row per referral, with its keys and without the officer. It is for readers of records.
select
    fact.referral_ref,
    fact.occurrence_ref,
    fact.report_urn,
    fact.contacted_on,
    fact.referral_type_label,
    fact.is_counted,
    coalesce(unit.district_label, 'No district') as district_label,
    coalesce(unit.team_label, 'No team') as team_label,
    fact.intelligence_class,
    fact.link_method,
    fact.hours_to_submission
from marts.fct_nccu_referral as fact
inner join marts.dim_org_unit as unit on fact.org_unit_code = unit.org_unit_code
order by fact.contacted_on desc, fact.referral_ref
