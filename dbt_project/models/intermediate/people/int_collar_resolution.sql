-- Whose collar number it was on the day of an event: the one person in post with that number.
-- Nobody, or two, leaves the number unresolved: then it is the same person as the same unresolved
-- number elsewhere, and nobody else.
{{ config(post_hook="{{ keep_to_transform() }}") }}

with
    events as (
        select
            force_code,
            reporting_officer_no as collar_no,
            {{ london_day("contacted_at") }} as event_day
        from {{ ref("stg_rms__nccu_referral") }}
        union
        select force_code, arresting_officer_no, {{ london_day("detained_at") }}
        from {{ ref("stg_rms__custody_record") }}
        where {{ is_for_immigration() }}
        union
        select force_code, author_officer_no, {{ london_day("coalesce(submitted_at, created_at)") }}
        from {{ ref("stg_intelligence__report") }}
    ),

    holders as (
        select
            events.force_code,
            events.collar_no,
            events.event_day,
            min(holder.employee_no) as employee_no,
            min(holder.employee_no) = max(holder.employee_no) as is_one_person,
            min(holder.org_unit_code) as org_unit_code
        from events
        left join
            {{ ref("int_collar_holder") }} as holder
            on events.force_code = holder.force_code
            and events.collar_no = holder.collar_no
            and events.event_day >= holder.held_from
            and events.event_day < holder.held_to
        group by events.force_code, events.collar_no, events.event_day
    ),

    resolved as (select *, coalesce(is_one_person, false) as is_resolved from holders),

    final as (
        select
            resolved.force_code,
            resolved.collar_no,
            resolved.event_day,
            resolved.is_resolved,
            case
                when resolved.is_resolved
                then coalesce(resolved.org_unit_code, 'UNKNOWN')
                else 'UNKNOWN'
            end as org_unit_code,
            pseudonym.officer_key
        from resolved
        left join
            {{ ref("stg_identity__pseudonym") }} as pseudonym
            on resolved.force_code = pseudonym.force_code
            and resolved.is_resolved = pseudonym.is_person
            and case when resolved.is_resolved then resolved.employee_no else resolved.collar_no end
            = pseudonym.identifier
    )

select *
from final
