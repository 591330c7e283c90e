-- The actions of the Board whose date has passed, the one that is overdue longest first.
select
    action_ref, point_code, action, owner_role, agreed_on, first_due_on, due_on, times_moved, days_overdue
from marts.board_action
where status = 'OVERDUE'
order by days_overdue desc, action_ref
