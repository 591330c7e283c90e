with
    session_passes as (
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
            coalesce(session_passes.passes, 0) as passes,
            session.session_date < build.as_at_day as is_held
        from {{ ref("stg_hydra__session") }} as session
        cross join {{ ref("stg_audit__build") }} as build
        left join
            session_passes
            on session.force_code = session_passes.force_code
            and session.session_code = session_passes.session_code
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
