-- A source's own counts of changes, with which a large table need not be added up each time.

alter table audit.source_cursor
add column counted_of text, add column counted bigint [], add column counted_at timestamptz;
comment on column audit.source_cursor.counted is
'Rows inserted, updated and deleted as the source''s server had counted them at counted_at.';
comment on column audit.source_cursor.counted_of is
'Of which table and since when it counts: where this differs, the counts began anew.';
comment on column audit.source_cursor.reconciled_at is
'When the keys were last added up in the source and compared, by the source''s clock.';
