-- The actions of the Board's log. Empty if the force delivers no log.
select
    action_ref, point_code, action, owner_role, agreed_on, first_due_on, due_on, times_moved, closed_on, status,
    status_label, days_overdue, evidence_ref, closed_but, closed_but_label
from marts.board_action
order by action_ref
