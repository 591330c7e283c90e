-- A warehouse whose last migration is the last one of before version 1.0 has this schema already. Only its record of migrations
-- is another one, and the comments that told of migrations.

delete from audit.schema_migration where number < 1000;

comment on column audit.pseudonym_key.form is
'What is hashed. 1: kind and number, in a warehouse from before version 1.0 that was never re-keyed. 2: force, kind and number.';
comment on column audit.pseudonym_key.made_at is 'Blank if the key is older than this record.';
comment on column audit.not_taken.modified_at is
'When the file was last modified. Blank for a folder, and if it is not known.';
