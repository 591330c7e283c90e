-- The current publication, its as-at moment, and the gate's verdict on it.
select publication_id, as_at, published_at, gate_verdict, checks, checks_failed, code_version,
    content_fingerprint, withdrawn_because
from marts.publication as publication
where is_current
