-- Median and 90th percentile of the hours to submission over the compliant referrals, by month and
-- unit.
with
    referral as (
        select
            force_code,
            referral_ref,
            org_unit_code,
            contacted_on,
            {{ month_of("contacted_on") }} as period_start,
            is_compliant,
            hours_to_submission
        from {{ ref("int_nccu_referral_class") }}
        where is_counted
    ),

    above as (
        select
            referral.force_code,
            referral.period_start,
            coalesce(ancestor.ancestor_code, referral.org_unit_code) as org_unit_code,
            referral.is_compliant,
            referral.hours_to_submission
        from referral
        left join
            {{ ref("int_org_unit_ancestor") }} as ancestor
            on referral.force_code = ancestor.force_code
            and referral.org_unit_code = ancestor.org_unit_code
            and referral.contacted_on >= ancestor.valid_from
            and referral.contacted_on < ancestor.valid_to
        union all
        select force_code, period_start, 'ALL', is_compliant, hours_to_submission
        from referral
    ),

    grouped as (
        select
            force_code,
            period_start,
            org_unit_code,
            sum(case when is_compliant then 1 else 0 end) as denominator,
            {{ percentile("hours_to_submission", 0.5, "is_compliant") }} as p50,
            {{ percentile("hours_to_submission", 0.9, "is_compliant") }} as p90
        from above
        group by force_code, period_start, org_unit_code
    ),

    final as (
        select
            force_code,
            'nccu_hours_to_submission_p50' as measure_code,
            period_start,
            org_unit_code,
            denominator,
            p50 as value
        from grouped
        where denominator > 0
        union all
        select
            force_code,
            'nccu_hours_to_submission_p90',
            period_start,
            org_unit_code,
            denominator,
            p90
        from grouped
        where denominator > 0
    )

select *
from final
