with
    referrals_of_occurrence as (
        select force_code, occurrence_ref, count(*) as referral_count
        from {{ ref("stg_rms__nccu_referral") }}
        group by force_code, occurrence_ref
    ),

    reports_of_occurrence as (
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
            coalesce(referrals_of_occurrence.referral_count, 0) as referral_count,
            coalesce(reports_of_occurrence.intelligence_count, 0) as intelligence_count
        from {{ ref("stg_rms__occurrence") }} as occurrence
        left join
            referrals_of_occurrence
            on occurrence.force_code = referrals_of_occurrence.force_code
            and occurrence.occurrence_ref = referrals_of_occurrence.occurrence_ref
        left join
            reports_of_occurrence
            on occurrence.force_code = reports_of_occurrence.force_code
            and occurrence.occurrence_ref = reports_of_occurrence.occurrence_ref
        where occurrence.is_oic and not occurrence.is_deleted and occurrence.status <> 'CANCELLED'
    )

select *
from final
