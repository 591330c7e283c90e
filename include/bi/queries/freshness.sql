-- The freshness of each dataset.
select dataset, verdict, last_record_at, last_landed_at, due_by, reason
from marts.source_freshness
order by dataset
