-- The points as released to the public.
select *
from public_release.assurance_position
order by point_code
