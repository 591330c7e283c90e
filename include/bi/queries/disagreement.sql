-- Periods in which the force, the data and the Commissioner gave different views.
select
    point_code, disagreed_from, disagreed_until, days, force_self_assessment, commissioner_judgement,
    data_status
from marts.assurance_disagreement
order by point_code, disagreed_from
