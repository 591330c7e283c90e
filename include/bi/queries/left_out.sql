-- What was delivered and figures leave out, by dataset, and the points that it touches.
select dataset, left_out_code, left_out_label, items, records, points
from marts.assurance_left_out
order by dataset, left_out_code
