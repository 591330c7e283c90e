-- The answer for all points together: in a sentence, and with the points in detail.
select *
from marts.assurance_headline
