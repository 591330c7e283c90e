-- A publication as at an earlier moment lists what lay in the folder of a dataset by then.

alter table audit.not_taken add column modified_at timestamptz;
comment on column audit.not_taken.modified_at is
'When the file was last modified. Blank for a folder, and for what was listed before this column was added.';
