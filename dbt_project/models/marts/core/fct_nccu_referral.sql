{#- The index serves queries that leave status checks out. Most queries do so, and nine in ten
    referrals are status checks. -#}
{{ config(indexes=[{"columns": ["referral_type", "contacted_on"]}]) }}

with
    final as (
        select
            referral.force_code,
            referral.referral_ref,
            referral.occurrence_ref,
            referral.contacted_at,
            referral.contacted_on,
            referral.channel,
            referral.referral_type,
            referral.org_unit_code,
            referral.officer_key,
            officer.officer_version_key,
            referral.is_officer_resolved,
            referral.intelligence_class,
            referral.link_method,
            referral.report_urn,
            referral.hours_to_submission,
            referral.is_counted,
            referral.is_compliant,
            build.publication_id
        from {{ ref("int_nccu_referral_class") }} as referral
        cross join {{ ref("stg_audit__build") }} as build
        left join
            {{ ref("int_officer_version") }} as officer
            on referral.force_code = officer.force_code
            and referral.officer_key = officer.officer_key
            and referral.contacted_on >= officer.valid_from
            and referral.contacted_on < officer.valid_to
    )

select *
from final
