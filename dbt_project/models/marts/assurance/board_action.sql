with
    final as (
        select
            action.force_code,
            action.action_ref,
            action.question_ref,
            action.point_code,
            action.action,
            action.owner_role,
            action.agreed_on,
            action.first_due_on,
            action.due_on,
            cast(action.times_moved as integer) as times_moved,
            action.closed_on,
            action.status,
            case
                action.status
                when 'OPEN'
                then 'Open'
                when 'OVERDUE'
                then 'Overdue'
                when 'CLOSED'
                then 'Closed'
                else 'Replaced by another action'
            end as status_label,
            cast(action.days_overdue as integer) as days_overdue,
            action.evidence_ref,
            cast(null as {{ dbt.type_string() }}) as evidence_sha256,
            action.closed_but,
            case
                action.closed_but
                when 'POINT_NOT_STARTED'
                then 'Nothing of the point is done yet'
                when 'POINT_IN_PROGRESS'
                then 'The point is not met every time'
                when 'POINT_SLIPPING'
                then 'The point is not met'
                when 'POINT_OVERDUE'
                then 'The point is not met and its deadline has passed'
            end as closed_but_label,
            build.publication_id
        from {{ ref("int_board_action") }} as action
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
