-- Who ran the landing of a batch, and what is remembered of a source so that nothing is read twice.

alter table audit.batch add column landed_by text;
comment on column audit.batch.landed_by is 'Who ran it: the user of the machine that landed it.';

alter table audit.source_cursor add column window_digest text, add column declaration text;
comment on column audit.source_cursor.window_digest is
'Of the content of the rows that the next extraction would read again, in the overlap.';
comment on column audit.source_cursor.declaration is
'The declaration it was read under: under another one, all is read again.';

-- A version's fingerprint is now a hash that a source can compute at the speed of its disk. What was
-- landed before gets the same, or each record would be taken for a changed one.
do $fingerprints$
declare
    raw record;
    content text;
begin
    for raw in
        select c.oid, c.oid::regclass::text as name
        from pg_catalog.pg_class as c
        where
            c.relkind = 'r'
            and c.relnamespace in ('raw_general'::regnamespace, 'raw_law_enforcement'::regnamespace)
    loop
        select string_agg(format('r.%I', a.attname), ', ' order by a.attnum) into content
        from pg_catalog.pg_attribute as a
        where
            a.attrelid = raw.oid and a.attnum > 0 and not a.attisdropped
            and a.attname not in (
                'force_code', 'batch_id', 'row_number', 'row_key', 'version_at', 'landed_at',
                'row_fingerprint', 'is_tombstone'
            )
            and not exists (
                select from pg_catalog.pg_attribute as moment
                where moment.attrelid = raw.oid and moment.attname || '_text' = a.attname
            );
        execute format(
            'update %s as r set row_fingerprint = to_hex(hash_record_extended(row(%s), 0))'
            ' where not is_tombstone', raw.name, content
        );
    end loop;
end
$fingerprints$;
