-- What is said about each point besides its card, in sentences, and the three views.
select
    answer.point_code,
    answer.place,
    answer.question,
    answer.status_words,
    answer.distance_words,
    answer.change_words,
    answer.forecast_words,
    answer.status_word,
    position.force_self_assessment,
    position.commissioner_judgement,
    position.disagrees_since
from marts.assurance_answer as answer
inner join marts.assurance_position as position
    on answer.force_code = position.force_code
    and answer.point_code = position.point_code
order by answer.place
