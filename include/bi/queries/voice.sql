-- What the force, the data and the Commissioner said, and from when to when.
select point_code, voice, changed_on, stood_until, status, is_assured
from marts.assurance_voice
order by point_code, voice, changed_on
