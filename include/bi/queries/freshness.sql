-- The freshness of each dataset.
select dataset, verdict, last_record_at, days_without_news, last_landed_at, due_by, reason
from marts.source_freshness
order by dataset
