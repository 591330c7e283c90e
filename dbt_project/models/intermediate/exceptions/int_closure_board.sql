with
    final as (
        select
            closed.force_code,
            closed.exception_key,
            case
                when action.action_ref is null
                then 'RECORD_WITHDRAWN'
                when action.status = 'SUPERSEDED'
                then 'REPLACED'
                when closed.exception_code = 'BOARD_ACTION_OVERDUE' and action.status = 'CLOSED'
                then 'COMPLETED'
                when closed.exception_code = 'BOARD_ACTION_OVERDUE'
                then 'DATE_MOVED'
                when action.status <> 'CLOSED'
                then 'ACTION_REOPENED'
                when point.status in ('met_on_time', 'met_late', 'sustained')
                then 'POINT_MET'
                -- Before its deadline, a point of which a part is done is not listed.
                when point.status = 'in_progress'
                then 'POINT_STARTED'
                when point.status = 'unknown'
                then 'POINT_UNKNOWN'
            end as closed_because,
            case
                when closed.exception_code = 'BOARD_ACTION_OVERDUE' and action.status = 'CLOSED'
                then {{ london_midnight("action.closed_on") }}
            end as closed_at
        from {{ ref("int_exception_newly_closed") }} as closed
        left join
            {{ ref("int_board_action") }} as action
            on closed.force_code = action.force_code
            and closed.record_ref = action.action_ref
        left join
            {{ ref("int_point_status_today") }} as point
            on action.force_code = point.force_code
            and action.point_code = point.point_code
        where closed.exception_code in ('BOARD_ACTION_OVERDUE', 'BOARD_ACTION_CLOSED_NOT_MET')
    )

select *
from final
