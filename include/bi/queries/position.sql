-- The points: status, figure, target, second reading, deadline and forecast, and the role that
-- answers for the point.
select
    position.*,
    recommendation.title,
    recommendation.partners,
    recommendation.accountable_body,
    measure.measure_code,
    measure.title as measure_title,
    measure.description as measure_description,
    second_measure.title as second_measure_title,
    point.question,
    point.changes_on,
    point.target_then,
    point.deadline_then,
    point.owner_role,
    point.is_owner_confirmed
from marts.assurance_position as position
left join marts.dim_recommendation as recommendation
    on position.force_code = recommendation.force_code
    and position.point_code = recommendation.recommendation_code
left join marts.dim_measure as measure
    on position.force_code = measure.force_code
    and position.point_code = measure.point_code
    and measure.is_of_position
left join marts.dim_point as point
    on position.force_code = point.force_code
    and position.point_code = point.point_code
left join marts.dim_measure as second_measure
    on position.force_code = second_measure.force_code
    and position.second_reading = second_measure.measure_code
order by position.point_code
