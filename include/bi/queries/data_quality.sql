-- Checks and failed checks by quality dimension and severity.
select
    dimension,
    severity,
    cast(sum(expectations) as bigint) as expectations,
    cast(sum(failed) as bigint) as failed
from marts.data_quality_status
group by dimension, severity
order by dimension, severity
