with
    final as (
        select
            incident.force_code,
            incident.occurrence_ref,
            incident.reported_at,
            {{ london_time("incident.reported_at") }} as reported_at_local,
            incident.reported_on,
            incident.reported_on as date_day,
            incident.detection_route,
            {{ label("detection_route", "incident.detection_route") }} as detection_route_label,
            incident.district_code,
            district.org_unit_name as district_label,
            {{ point_of("referral") }} as point_code,
            point.title as point_label,
            measure.measure_code,
            measure.title as measure_label,
            unit.org_unit_code,
            unit.org_unit_name as org_unit_label,
            incident.persons_count,
            incident.referral_count,
            incident.intelligence_count,
            detention.occurrence_ref is not null as is_counted,
            build.publication_id
        from {{ ref("int_oic_incident") }} as incident
        cross join {{ ref("stg_audit__build") }} as build
        left join
            {{ ref("int_org_unit") }} as district
            on incident.force_code = district.force_code
            and incident.district_code = district.org_unit_code
        left join
            {{ ref("int_org_unit") }} as unit
            on incident.force_code = unit.force_code
            and coalesce(incident.district_code, 'UNKNOWN') = unit.org_unit_code
        left join {{ ref("point_words") }} as point on point.point_code = {{ point_of("referral") }}
        left join
            {{ ref("int_immigration_custody") }} as detention
            on incident.force_code = detention.force_code
            and incident.occurrence_ref = detention.occurrence_ref
        left join
            {{ ref("policy_measure") }} as measure
            on measure.measure_code = {{ first_measure("custody") }}
            {{ label_join("detection_route", "incident.detection_route") }}
    )

select *
from final
