with
    version as (
        select
            *, row_number() over (partition by force_code, action_ref order by version_at) as place
        from {{ ref("stg_governance__board_action_version") }}
    ),

    -- The first version of an action can already have two dates, a first one and a revised one.
    -- The date has then moved once.
    agreed_date as (
        select force_code, action_ref, 0 as place, first_due_on as due_on
        from version
        where place = 1
        union all
        select force_code, action_ref, place, due_on
        from version
    ),

    date_in_order as (
        select
            *,
            lag(due_on) over (partition by force_code, action_ref order by place) as due_before,
            row_number() over (partition by force_code, action_ref order by place) as number
        from agreed_date
        where due_on is not null
    ),

    moves as (
        select
            force_code,
            action_ref,
            max(case when number = 1 then due_on end) as first_due_on,
            sum(case when due_on <> due_before then 1 else 0 end) as times_moved
        from date_in_order
        group by force_code, action_ref
    ),

    judged as (
        select
            action.*,
            moves.first_due_on as first_agreed_due_on,
            coalesce(moves.times_moved, 0) as times_moved,
            case
                when action.status <> 'OPEN'
                then action.status
                when action.due_on < build.as_at_day
                then 'OVERDUE'
                else 'OPEN'
            end as status_as_at,
            case
                when action.status <> 'CLOSED'
                then null
                when
                    today.status in ('not_started', 'slipping', 'overdue')
                    or (today.status = 'in_progress' and point.deadline is null)
                then upper(today.status)
            end as closed_but_point_is,
            {{ dbt.datediff("action.due_on", "build.as_at_day", "day") }} as days_overdue
        from {{ ref("stg_governance__board_action") }} as action
        cross join {{ ref("stg_audit__build") }} as build
        left join
            moves on action.force_code = moves.force_code and action.action_ref = moves.action_ref
        left join
            {{ ref("int_point") }} as point
            on action.force_code = point.force_code
            and action.point_code = point.point_code
        left join
            {{ ref("int_point_status_today") }} as today
            on action.force_code = today.force_code
            and action.point_code = today.point_code
    ),

    final as (
        select
            force_code,
            action_ref,
            question_ref,
            point_code,
            action,
            owner_role,
            agreed_on,
            first_agreed_due_on as first_due_on,
            due_on,
            times_moved,
            closed_on,
            status_as_at as status,
            case when status_as_at = 'OVERDUE' then days_overdue end as days_overdue,
            evidence_ref,
            'POINT_' || closed_but_point_is as closed_but
        from judged
    )

select *
from final
