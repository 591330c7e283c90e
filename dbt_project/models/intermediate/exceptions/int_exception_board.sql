with
    about_a_point as (
        select action.*
        from {{ ref("int_board_action") }} as action
        inner join
            {{ ref("int_point") }} as point
            on action.force_code = point.force_code
            and action.point_code = point.point_code
    ),

    final as (
        select
            force_code,
            'BOARD_ACTION_OVERDUE' as exception_code,
            point_code,
            action_ref as record_ref,
            {{ london_midnight(add_days("due_on", 1)) }} as opened_at
        from about_a_point
        where status = 'OVERDUE'
        union all
        select
            force_code,
            'BOARD_ACTION_CLOSED_NOT_MET',
            point_code,
            action_ref,
            {{ london_midnight("coalesce(closed_on, agreed_on)") }}
        from about_a_point
        where closed_but is not null
    )

select *
from final
