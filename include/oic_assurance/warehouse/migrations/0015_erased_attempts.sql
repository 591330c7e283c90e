-- What was tried to land under the key of an erased record goes with it, while the rejected row stays, as
-- another record's. A row that came under that key and was landed as another record's is blanked instead:
-- its replay names it.

grant delete on audit.replayed_row to oic_erasure;
grant update (row_key, content) on audit.rejected_row to oic_erasure;
