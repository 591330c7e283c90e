-- What readers are told about each point, in words, and the three views.
select answer.*, position.force_self_assessment, position.commissioner_judgement, position.disagrees_since
from marts.assurance_answer as answer
inner join marts.assurance_position as position
    on answer.force_code = position.force_code
    and answer.point_code = position.point_code
order by answer.place
