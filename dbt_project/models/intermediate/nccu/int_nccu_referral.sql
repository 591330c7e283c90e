with
    referral as (
        select *, {{ london_day("contacted_at") }} as contacted_on
        from {{ ref("stg_rms__nccu_referral") }}
    ),

    final as (
        select
            referral.force_code,
            referral.referral_ref,
            referral.occurrence_ref,
            referral.channel,
            referral.referral_type,
            referral.contacted_at,
            referral.contacted_on,
            officer.officer_key,
            officer.is_resolved as is_officer_resolved,
            officer.org_unit_code,
            {{ dbt.dateadd("hour", "-before_call.value", "referral.contacted_at") }}
            as first_usable_at,
            {{ dbt.dateadd("hour", "timely.value", "referral.contacted_at") }} as timely_until,
            {{ dbt.dateadd("hour", "grace.value", "referral.contacted_at") }} as awaiting_until
        from referral
        left join
            {{ ref("int_collar_resolution") }} as officer
            on referral.force_code = officer.force_code
            and referral.reporting_officer_no = officer.collar_no
            and referral.contacted_on = officer.event_day
        inner join
            {{ ref("policy_threshold") }} as before_call
            on before_call.name = 'before_call_hours'
            and {{ in_force("before_call", "referral.contacted_on") }}
        inner join
            {{ ref("policy_threshold") }} as timely
            on timely.name = 'timely_hours'
            and {{ in_force("timely", "referral.contacted_on") }}
        inner join
            {{ ref("policy_threshold") }} as grace
            on grace.name = 'grace_hours'
            and {{ in_force("grace", "referral.contacted_on") }}
    )

select *
from final
