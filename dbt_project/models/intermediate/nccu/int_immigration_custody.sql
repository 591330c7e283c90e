with
    immigration_custody as (
        select *, {{ london_day("detained_at") }} as detained_on
        from {{ ref("stg_rms__custody_record") }}
        where {{ is_for_immigration() }}
    ),

    custody_in_order as (
        select
            *,
            row_number() over (
                partition by
                    force_code, occurrence_ref, case when occurrence_ref is null then custody_id end
                order by detained_at, custody_id
            ) as place_in_occurrence
        from immigration_custody
    ),

    referred as (
        select distinct force_code, occurrence_ref
        from {{ ref("stg_rms__nccu_referral") }}
        where occurrence_ref is not null
    ),

    final as (
        select
            first_record.force_code,
            first_record.custody_id,
            first_record.occurrence_ref,
            first_record.detained_at,
            first_record.detained_on,
            officer.officer_key,
            officer.org_unit_code,
            referred.occurrence_ref is not null as has_referral
        from custody_in_order as first_record
        left join
            {{ ref("stg_rms__occurrence") }} as occurrence
            on first_record.force_code = occurrence.force_code
            and first_record.occurrence_ref = occurrence.occurrence_ref
        left join
            referred
            on first_record.force_code = referred.force_code
            and first_record.occurrence_ref = referred.occurrence_ref
        left join
            {{ ref("int_collar_resolution") }} as officer
            on first_record.force_code = officer.force_code
            and first_record.arresting_officer_no = officer.collar_no
            and first_record.detained_on = officer.event_day
        where
            first_record.place_in_occurrence = 1
            and coalesce(occurrence.status, 'UNKNOWN') <> 'CANCELLED'
            and not coalesce(occurrence.is_deleted, false)
    )

select *
from final
