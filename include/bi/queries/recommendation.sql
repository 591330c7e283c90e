-- The ten recommendations. Measures show the progress of four of them. The other six are only tracked.
select recommendation_code, point_code, title, partners, deadline, status, accountable_body
from marts.dim_recommendation
order by point_code, recommendation_code
