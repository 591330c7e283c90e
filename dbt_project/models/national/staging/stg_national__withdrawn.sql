-- A decision counts from its day on, like a row of policy. So the next run knows it, although the
-- run's moment is earlier in the day.
with
    build as (select * from {{ ref("stg_audit__build") }}),

    known as (
        select
            source.*,
            {{ london_day("source.decided_at") }} as decided_on,
            row_number() over (
                partition by source.force_code, source.reporting_force_code
                order by source.decision_id desc
            ) as recency
        from {{ source("audit", "national_membership") }} as source
        inner join build on source.decided_at <= build.known_at
        where {{ london_day("source.decided_at") }} <= build.as_at_day
    ),

    withdrawn as (
        select
            -- ids
            force_code,
            reporting_force_code,

            -- text
            reason,

            -- times
            decided_on as withdrawn_on
        from known
        where recency = 1 and decision = 'WITHDRAWN'
    )

select *
from withdrawn
