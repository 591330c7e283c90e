with
    span_of_dataset as (
        select {{ london_day("min(contacted_at)") }} as first_day, cast(null as date) as last_due_on
        from {{ source("law_enforcement", "nccu_referral") }}
        where batch_id <= {{ of_build("known_batch_id") }}
        union all
        select {{ london_day("min(reported_at)") }} as first_day, cast(null as date) as last_due_on
        from {{ source("law_enforcement", "occurrence") }}
        where batch_id <= {{ of_build("known_batch_id") }}
        union all
        select
            {{ london_day("min(least(created_at, submitted_at))") }} as first_day,
            cast(null as date) as last_due_on
        from {{ source("law_enforcement", "intelligence_report") }}
        where batch_id <= {{ of_build("known_batch_id") }}
        union all
        select {{ london_day("min(detained_at)") }} as first_day, cast(null as date) as last_due_on
        from {{ source("law_enforcement", "custody_record") }}
        where batch_id <= {{ of_build("known_batch_id") }}
        union all
        select {{ london_day("min(completed_at)") }} as first_day, cast(null as date) as last_due_on
        from {{ source("general", "completion") }}
        where batch_id <= {{ of_build("known_batch_id") }}
        union all
        select min(session_date) as first_day, cast(null as date) as last_due_on
        from {{ source("general", "hydra_session") }}
        where batch_id <= {{ of_build("known_batch_id") }}
        union all
        select
            min(least(approved_date, review_due_date)) as first_day,
            max(review_due_date) as last_due_on
        from {{ source("general", "plan") }}
        where batch_id <= {{ of_build("known_batch_id") }}
        union all
        select cast(null as date) as first_day, max(due_date) as last_due_on
        from {{ source("general", "plan_milestone") }}
        where batch_id <= {{ of_build("known_batch_id") }}
        union all
        select
            min(least(agreed_on, due_on)) as first_day,
            max(greatest(due_on, revised_due_on)) as last_due_on
        from {{ source("general", "board_action") }}
        where batch_id <= {{ of_build("known_batch_id") }}
    ),

    final as (
        select min(first_day) as first_day, max(last_due_on) as last_due_on from span_of_dataset
    )

select *
from final
