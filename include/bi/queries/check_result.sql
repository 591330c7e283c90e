-- The checks of each dataset by quality dimension: how many passed, and how many failed.
select dataset, dimension, severity, expectations - failed as passed, failed, expectations
from marts.data_quality_status
order by dataset, dimension, severity
