with
    final as (
        select
            incident.force_code,
            incident.occurrence_ref,
            incident.reported_at,
            incident.reported_on,
            incident.detection_route,
            incident.district_code,
            incident.persons_count,
            incident.referral_count,
            incident.intelligence_count,
            build.publication_id
        from {{ ref("int_oic_incident") }} as incident
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
