-- The answer on all points, in words.
select words, detail
from marts.assurance_headline
