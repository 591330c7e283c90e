-- The questions of the Board's log, with their answers. Empty if the force delivers no log.
select question_ref, point_code, question, asked_of, raised_on, answered_on, status_label, answer, days_open, actions
from marts.board_log_question
-- Those without an answer come first, the oldest before the others.
order by days_open desc nulls last, raised_on desc, question_ref
