-- Occurrences with the organised-immigration-crime qualifier that were not cancelled, with what
-- was reported and submitted about them.
with
    referrals as (
        select force_code, occurrence_ref, count(*) as referral_count
        from {{ ref("stg_rms__nccu_referral") }}
        group by force_code, occurrence_ref
    ),

    reports as (
        select force_code, occurrence_ref, count(*) as intelligence_count
        from {{ ref("int_intelligence_report") }}
        group by force_code, occurrence_ref
    ),

    final as (
        select
            occurrence.force_code,
            occurrence.occurrence_ref,
            occurrence.reported_at,
            {{ london_day("occurrence.reported_at") }} as reported_on,
            occurrence.detection_route,
            occurrence.district_code,
            occurrence.persons_count,
            coalesce(referrals.referral_count, 0) as referral_count,
            coalesce(reports.intelligence_count, 0) as intelligence_count
        from {{ ref("stg_rms__occurrence") }} as occurrence
        left join
            referrals
            on occurrence.force_code = referrals.force_code
            and occurrence.occurrence_ref = referrals.occurrence_ref
        left join
            reports
            on occurrence.force_code = reports.force_code
            and occurrence.occurrence_ref = reports.occurrence_ref
        where occurrence.is_oic and not occurrence.is_deleted and occurrence.status <> 'CANCELLED'
    )

select *
from final
