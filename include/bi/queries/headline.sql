-- The answer on all points together, in words.
select *
from marts.assurance_headline
