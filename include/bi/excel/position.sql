-- The position: what readers are told of each point, and the numbers behind it. A number of plan strands has no interval,
-- as in the pack.
select
    answer.point_label as "Point",
    answer.status_word as "Status",
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
    answer.publication_id as "Publication"
from marts.assurance_answer as answer
inner join marts.assurance_position as position
    on answer.force_code = position.force_code
    and answer.point_code = position.point_code
order by answer.place
