-- A publication that was taken back stays back: what is made after it waits until somebody says so.

alter table audit.publication_move add column holds boolean not null default false;
comment on column audit.publication_move.holds is
'Whether later publications wait for a release, so that no run undoes a roll-back by itself.';

set local role oic_publish;
alter table marts.publication
add column withdrawn_at timestamptz,
add column withdrawn_because text,
add constraint publication_withdrawal_check
check ((withdrawn_at is null) = (withdrawn_because is null));
comment on column marts.publication.published_at is
'When it was made. Readers saw it from then on, unless it had to wait behind a roll-back.';
comment on column marts.publication.withdrawn_at is 'When it was taken back, if it was and still is.';
comment on column marts.publication.withdrawn_because is 'Why it was taken back.';
reset role;
