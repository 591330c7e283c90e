-- The questions that the data gives for the Board, the most important of each point first.
select
    question.point_code, question.rank, question.rule_code, question.org_unit_code, question.words,
    question.numerator, question.denominator, question.since
from marts.board_question as question
order by question.point_code, question.rank
