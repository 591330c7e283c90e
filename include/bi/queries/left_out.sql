-- What was delivered and the figures leave out, by dataset.
select dataset, left_out_code, left_out_label, items, records, points
from marts.assurance_left_out
order by dataset, left_out_code
