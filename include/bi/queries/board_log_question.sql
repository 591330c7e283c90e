-- The questions of the Board's log, with their answers. Those without an answer come first, the oldest before
-- the others. Empty if the force delivers no log.
select
    row_number() over (order by days_open desc nulls last, raised_on desc, question_ref) as place,
    question_ref, point_code, question, asked_of, raised_on, answered_on, status_label, answer, days_open,
    actions
from marts.board_log_question
order by place
