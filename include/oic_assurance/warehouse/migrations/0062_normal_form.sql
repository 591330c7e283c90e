-- An erasure replaces an archived file by its remaining rows in the normal form, and cuts no rows out of it any more
-- (docs/decisions/0078-an-erased-file-becomes-its-rows.md). Files from which rows were cut stay as they are.

alter table audit.batch_erasure add column in_normal_form boolean not null default false;
comment on column audit.batch_erasure.in_normal_form is
'Whether the archived file has been replaced by its remaining rows, in the normal form. Otherwise the rows were cut out of it.';
