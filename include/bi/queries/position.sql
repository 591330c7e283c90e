-- The four points: status, figure, deadline and forecast.
select
    position.*,
    recommendation.title,
    recommendation.partners,
    recommendation.accountable_body,
    measure.title as measure_title,
    measure.description as measure_description
from marts.assurance_position as position
inner join marts.dim_recommendation as recommendation
    on position.force_code = recommendation.force_code
    and position.point_code = recommendation.recommendation_code
inner join marts.dim_measure as measure
    on position.force_code = measure.force_code
    and position.point_code = measure.point_code
    and measure.is_of_position
order by position.point_code
