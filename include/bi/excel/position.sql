-- The position: the published figure of each point, with its interval and its second reading.
select
    position.point_label as "Point",
    position.status_label as "Status",
    position.value as "Share",
    position.ci_low as "Interval from",
    position.ci_high as "Interval to",
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
