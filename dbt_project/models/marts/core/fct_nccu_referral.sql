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
            {{ london_time("referral.contacted_at") }} as contacted_at_local,
            referral.contacted_on,
            referral.contacted_on as date_day,
            referral.channel,
            {{ label("channel", "referral.channel") }} as channel_label,
            referral.referral_type,
            {{ label("referral_type", "referral.referral_type") }} as referral_type_label,
            {{ point_of("referral") }} as point_code,
            point.title as point_label,
            measure.measure_code,
            measure.title as measure_label,
            referral.org_unit_code,
            unit.org_unit_name as org_unit_label,
            referral.officer_key,
            officer.officer_version_key,
            referral.is_officer_resolved,
            referral.intelligence_class,
            {{ label("intelligence_class", "referral.intelligence_class") }}
            as intelligence_class_label,
            referral.link_method,
            {{ label("link_method", "referral.link_method") }} as link_method_label,
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
        left join
            {{ ref("int_org_unit") }} as unit
            on referral.force_code = unit.force_code
            and referral.org_unit_code = unit.org_unit_code
        left join {{ ref("point_words") }} as point on point.point_code = {{ point_of("referral") }}
        left join
            {{ ref("policy_measure") }} as measure
            on measure.measure_code = {{ first_measure("referral") }}
            {{ label_join("channel", "referral.channel") }}
            {{ label_join("referral_type", "referral.referral_type") }}
            {{ label_join("intelligence_class", "referral.intelligence_class") }}
            {{ label_join("link_method", "referral.link_method") }}
    )

select *
from final
