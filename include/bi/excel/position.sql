-- The position: what readers are told of each point, and the numbers behind it. A number of plan strands has no interval,
-- as in the pack. A publication from before the words were kept has the status and the numbers alone.
select
    coalesce(answer.point_label, position.point_label, position.point_code) as "Point",
    coalesce(
        answer.status_word, position.status_word, position.status_label,
        upper(left(position.status, 1)) || replace(substr(position.status, 2), '_', ' ')
    ) as "Status",
    answer.status_since as "Since",
    position.value as "Share",
    case when position.target_unit = 'share' then position.ci_low end as "Interval from",
    case when position.target_unit = 'share' then position.ci_high end as "Interval to",
    position.numerator as "Met",
    position.denominator as "Of",
    answer.period_words as "Days of the figure",
    answer.target_words as "Target",
    position.deadline as "Deadline",
    position.second_value as "Second reading",
    answer.status_words as "What the status says",
    answer.change_words as "Change",
    answer.forecast_words as "Forecast",
    position.publication_id as "Publication"
from marts.assurance_position as position
left join marts.assurance_answer as answer
    on position.force_code = answer.force_code
    and position.point_code = answer.point_code
order by answer.place, position.point_code
