-- The position of each point on each day since the point started, as known now.
select point_code, day, numerator, denominator, value, status, status_word
from marts.assurance_position_day
order by point_code, day
