{{ config(post_hook="{{ keep_to_transform() }}") }}

with
    event as (
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

    -- For each day, the personnel file of that day is used. If a later file adds a leave date,
    -- the days before
    -- that file do not change.
    held_in_post as (
        select
            force_code,
            collar_no,
            employee_no,
            org_unit_code,
            greatest(valid_from, start_date) as held_from,
            least(valid_to, {{ add_days("leave_date", 1) }}) as held_to
        from {{ ref("stg_hr__personnel") }}
        where collar_no is not null and start_date is not null
    ),

    holder_of_the_day as (
        select
            event.force_code,
            event.collar_no,
            event.event_day,
            min(holder.employee_no) as employee_no,
            min(holder.employee_no) = max(holder.employee_no) as is_one_officer,
            min(holder.org_unit_code) as org_unit_code
        from event
        left join
            held_in_post as holder
            on event.force_code = holder.force_code
            and event.collar_no = holder.collar_no
            and event.event_day >= holder.held_from
            and event.event_day < holder.held_to
        group by event.force_code, event.collar_no, event.event_day
    ),

    resolved as (select *, coalesce(is_one_officer, false) as is_resolved from holder_of_the_day),

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
