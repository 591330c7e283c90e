-- What a reader must know before using a point's figure, and between which values it could be.
select point_code, caveat_code, caveat_label, dataset, words, records, could_be_low, could_be_high
from marts.assurance_caveat
order by point_code, place
