-- Tables that were attached and never shown, because the run was killed in between, are no publication.
alter table audit.generation add column shown_at timestamptz;
comment on column audit.generation.shown_at is
'When the publication was recorded. Blank if the tables were attached and never became a publication.';
grant update (shown_at) on audit.generation to oic_publish;
update audit.generation as generation
set shown_at = publication.published_at
from marts.publication as publication
where publication.publication_id = generation.build_id;
