-- The points whose status differs from the one in the compared publication.
select point_code, status_before, status_after, value_before, value_after, compared_with, compared_as_at
from marts.assurance_status_change
order by point_code
