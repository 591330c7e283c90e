-- When they did not say the same.
select
    point_code, disagreed_from, disagreed_until, days, force_self_assessment, commissioner_judgement,
    data_status
from marts.assurance_disagreement
order by point_code, disagreed_from
