-- The current publication, its as at, and the verdict of its gate.
select publication_id, as_at, published_at, gate_verdict, code_version
from marts.publication
where is_current
