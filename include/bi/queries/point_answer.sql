-- What readers are told about each point, in words.
select *
from marts.assurance_answer
order by place
