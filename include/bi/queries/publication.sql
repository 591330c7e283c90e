-- Which publication is shown, as at when, and what the gate said of it.
select publication_id, as_at, published_at, gate_verdict, code_version
from marts.publication
where is_current
