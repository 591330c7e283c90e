-- The position: the published figure of each point as numbers, with its interval, its target and its second reading. A
-- number of plan strands has no interval, as in the pack. The sheet About has the same in words.
select
    answer.point_label as "Point",
    answer.answer as "Answer",
    answer.status_word as "Status",
    answer.status_since as "Since",
    position.value as "Share",
    case when position.target_unit = 'share' then position.ci_low end as "Interval from",
    case when position.target_unit = 'share' then position.ci_high end as "Interval to",
    -- The target of plans is a number of strands, and their share is out of all strands.
    case
        when position.target_unit = 'share' then position.target
        else position.target / nullif(position.denominator, 0)
    end as "Target",
    position.numerator as "Met",
    position.denominator as "Of",
    position.second_value as "Second reading",
    position.deadline as "Deadline",
    answer.forecast_words as "Forecast",
    answer.policy_words as "Policy",
    position.source_status_label as "Sources",
    position.publication_id as "Publication"
from marts.assurance_answer as answer
inner join marts.assurance_position as position
    on answer.point_code = position.point_code
order by answer.place
