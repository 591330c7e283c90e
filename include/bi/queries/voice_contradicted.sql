-- How often the force and the Commissioner said that a point is complete when the data did not say so.
select
    voice,
    min(period_start) as since,
    sum(numerator)::bigint as numerator,
    sum(denominator)::bigint as denominator,
    sum(days_contradicted)::bigint as days_contradicted,
    sum(days_said_complete)::bigint as days_said_complete
from marts.assurance_voice_month
group by voice
order by voice
