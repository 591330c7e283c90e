-- The actions that are closed according to the Board's log, although their point is not met.
select action_ref, point_code, action, closed_on, evidence_ref, closed_but_label
from marts.board_action
where
    closed_but in (
        'POINT_NOT_STARTED', 'POINT_IN_PROGRESS', 'POINT_SLIPPING', 'POINT_OVERDUE'
    )
order by action_ref
