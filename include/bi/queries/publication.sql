-- The current publication, the moment that its figures are for, and the verdict of its gate.
select publication_id, as_at, published_at, gate_verdict, code_version
from marts.publication
where is_current
