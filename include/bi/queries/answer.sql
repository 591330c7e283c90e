-- What readers are told about each point, in words, and the three views. A publication from before the words were
-- kept has the status and the figure alone.
select
    position.point_code,
    coalesce(answer.place, cast(row_number() over (order by position.point_code) as integer)) as place,
    coalesce(answer.point_label, position.point_label, position.point_code) as point_label,
    answer.question,
    answer.answer_code,
    answer.answer,
    position.status,
    coalesce(
        answer.status_word, position.status_word, position.status_label,
        upper(left(position.status, 1)) || replace(substr(position.status, 2), '_', ' ')
    ) as status_word,
    answer.status_words,
    answer.status_since,
    coalesce(answer.figure_words, round(cast(100 * position.value as numeric), 1) || '%') as figure_words,
    coalesce(answer.parts_words, position.numerator || ' of ' || position.denominator) as parts_words,
    answer.period_words,
    answer.interval_words,
    answer.target_words,
    answer.distance_words,
    answer.deadline_words,
    answer.second_words,
    answer.policy_words,
    answer.trend_words,
    answer.change_words,
    answer.forecast_words,
    coalesce(answer.caveat_words, position.caveat) as caveat_words,
    position.publication_id,
    position.force_self_assessment,
    position.commissioner_judgement,
    position.disagrees_since
from marts.assurance_position as position
left join marts.assurance_answer as answer
    on position.force_code = answer.force_code
    and position.point_code = answer.point_code
order by place
