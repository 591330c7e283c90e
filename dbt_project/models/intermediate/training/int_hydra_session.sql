-- The Hydra sessions that were held, with what came of their places, and those that are scheduled,
-- with the places there will have been by each.
with
    passed as (
        select force_code, session_code, count(distinct employee_no) as passes
        from {{ ref("stg_hydra__attendance") }}
        where has_attended and outcome = 'PASS'
        group by force_code, session_code
    ),

    session as (
        select
            session.force_code,
            session.session_code,
            session.session_date,
            coalesce(session.capacity, 0) as places,
            coalesce(passed.passes, 0) as passes,
            session.session_date < build.as_at_day as is_held
        from {{ ref("stg_hydra__session") }} as session
        cross join {{ ref("stg_audit__build") }} as build
        left join
            passed
            on session.force_code = passed.force_code
            and session.session_code = passed.session_code
        where session.session_date is not null
    ),

    final as (
        select
            *,
            case
                when not is_held
                then
                    sum(places) over (
                        partition by force_code, is_held order by session_date, session_code
                    )
            end as places_by_then
        from session
    )

select *
from final
