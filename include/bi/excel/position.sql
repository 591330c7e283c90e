-- The position: the published figure of each point, with its interval and its second reading. A number of plan strands
-- has no interval, as in the pack.
select
    position.point_label as "Point",
    position.status_label as "Status",
    position.value as "Share",
    case when position.target_unit = 'share' then position.ci_low end as "Interval from",
    case when position.target_unit = 'share' then position.ci_high end as "Interval to",
    position.numerator as "Met",
    position.denominator as "Of",
    position.deadline as "Deadline",
    position.forecast_date as "Forecast",
    position.second_value as "Second reading",
    position.source_status_label as "Sources",
    coalesce(position.caveat, 'none') as "Caveat",
    position.publication_id as "Publication"
from marts.assurance_position as position
order by position.point_code
