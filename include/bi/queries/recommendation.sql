-- The ten recommendations. Four of them are assured by a measure. The other six are only tracked.
select recommendation_code, point_code, title, partners, deadline, status, accountable_body
from marts.dim_recommendation
order by point_code, recommendation_code
