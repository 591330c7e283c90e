-- The ten recommendations. Four have a measure, six are tracked.
select recommendation_code, point_code, title, partners, deadline, status, accountable_body
from marts.dim_recommendation
order by point_code, recommendation_code
