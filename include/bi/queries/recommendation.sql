-- The ten recommendations: four with a measure, six tracked.
select recommendation_code, point_code, title, partners, deadline, status, accountable_body
from marts.dim_recommendation
order by point_code, recommendation_code
