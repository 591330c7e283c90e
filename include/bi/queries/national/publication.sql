-- The publication.
select publication_id, published_at, as_at, code_version, content_fingerprint, gate_verdict, withdrawn_because
from marts.publication
where is_current
