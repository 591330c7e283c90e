-- The state of each source, and why it is not up to date. Times are in Europe/London.
select
    source.dataset as "Source",
    initcap(source.verdict) as "State",
    source.last_landed_at at time zone 'Europe/London' as "Last delivery",
    source.due_by at time zone 'Europe/London' as "Due by",
    source.reason as "Reason",
    source.publication_id as "Publication"
from marts.source_freshness as source
order by source.dataset
