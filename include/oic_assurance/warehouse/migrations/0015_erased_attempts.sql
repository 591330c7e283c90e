-- What was tried to land under the key of an erased record goes with it, while the rejected row stays, as
-- another record's. A row that came under that key and was landed as another record's is blanked instead:
-- its replay names it. One that came as another's and was landed under the key keeps the key that it came with.

grant delete on audit.replayed_row to oic_erasure;
grant update (row_key, replayed_key, content) on audit.rejected_row to oic_erasure;

alter table audit.rejected_row drop constraint rejected_row_replayed_check;
alter table audit.rejected_row add constraint rejected_row_replayed_check check (
    status = 'rejected'
    or (replayed_in is not null and (replayed_key is not null or content is null))
);
comment on column audit.rejected_row.replayed_key is
'The key it was landed under: another one than row_key when the key itself was corrected; gone when its record was erased.';
