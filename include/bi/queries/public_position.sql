-- What the public is told of the four points.
select *
from public_release.assurance_position
order by point_code
