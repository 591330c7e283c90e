-- The datasets with failed checks.
select dataset, dimension, severity, failed, expectations
from marts.data_quality_status
where failed > 0
order by severity, dataset, dimension
