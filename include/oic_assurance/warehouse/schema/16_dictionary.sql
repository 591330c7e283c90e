-- The data dictionary of a schema as a view, for tools that do not receive comments and keys. psqlODBC delivers no comments. It
-- lists foreign keys with all their columns, and none for a view. The dictionary has one row per column of what the session's
-- login can read. It contains the comments, and the one column by which a table joins another table. Limited readers
-- cannot use schema `marts`, so they have a view of their own.

do $views$
declare
    place record;
    described record;
begin
    for place in
        select *
        from (values
            (
                'marts', 'oic_publish', 'bi_reader, oic_transform, oic_gate, assurance_looker',
                'One row per column of each table of this schema that the login can read: what it means, and which table it '
                'joins. For tools that do not show the comments and keys of tables.'
            ),
            (
                'public_release', 'oic_publish', 'bi_reader, oic_transform, oic_gate, assurance_looker',
                'One row per column of each table of this schema that the login can read: what it means, and which table it '
                'joins. For tools that do not show the comments and keys of tables.'
            ),
            (
                'limited', 'oic_audience', 'supervisor_reader, commissioner_reader',
                'One row per column of each table that the login can read: what it means, and which table it joins. For tools '
                'that do not show the comments and keys of tables.'
            )
        ) as one (name, owner, readers, meaning)
    loop
        execute format('set local role %I', place.owner);
        execute format(
            $view$
            create view %I.data_dictionary as
            with
                readable as (
                    select c.oid, n.nspname, c.relname, coalesce(mart.oid, c.oid) as keyed
                    from pg_catalog.pg_class as c
                    inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
                    -- A view of a limited reader has the keys of the mart that it shows.
                    left join pg_catalog.pg_class as mart
                        on n.nspname = 'limited'
                        and c.relname = mart.relname
                        and mart.relnamespace = (
                            select oid from pg_catalog.pg_namespace where nspname = 'marts'
                        )
                    where n.nspname = any (%L::text [])
                        and c.relkind in ('r', 'p', 'v')
                        and not c.relispartition
                        and pg_catalog.has_table_privilege(c.oid, 'SELECT')
                ),

                -- Each key, without the two columns that have one value in all that a reader sees.
                key as (
                    select k.oid, k.contype, k.conrelid, k.confrelid, own.names, theirs.names as target_names
                    from pg_catalog.pg_constraint as k
                    cross join lateral (
                        select array_agg(a.attname order by a.attnum) as names
                        from pg_catalog.pg_attribute as a
                        where a.attrelid = k.conrelid
                            and a.attnum = any (k.conkey)
                            and a.attname not in ('publication_id', 'force_code')
                    ) as own
                    cross join lateral (
                        select array_agg(a.attname order by a.attnum) as names
                        from pg_catalog.pg_attribute as a
                        where a.attrelid = k.confrelid
                            and a.attnum = any (k.confkey)
                            and a.attname not in ('publication_id', 'force_code')
                    ) as theirs
                    -- For each attached generation, the server keeps a copy of a foreign key.
                    where k.contype in ('p', 'f') and k.conparentid = 0
                ),

                -- A dimension's key of one column. A column of another table with the same name and the same values joins it,
                -- also where no foreign key can be declared: older publications do not have every dimension.
                dimension as (
                    select readable.nspname, readable.relname, key.names[1] as column_name
                    from readable
                    inner join key on readable.keyed = key.conrelid and key.contype = 'p'
                    where pg_catalog.starts_with(readable.relname::text, 'dim_') and cardinality(key.names) = 1
                ),

                joins as (
                    select distinct on (found.oid, found.column_name) found.*
                    from (
                        select
                            source.oid,
                            a.attname as column_name,
                            dimension.relname as to_table,
                            dimension.column_name as to_column,
                            1 as place
                        from readable as source
                        inner join pg_catalog.pg_attribute as a on source.oid = a.attrelid
                        inner join dimension
                            on source.nspname = dimension.nspname and a.attname = dimension.column_name
                        where not pg_catalog.starts_with(source.relname::text, 'dim_')
                        union all
                        select source.oid, key.names[1], target.relname, key.target_names[1], 2
                        from readable as source
                        inner join key on source.keyed = key.conrelid and key.contype = 'f'
                        inner join readable as target
                            on key.confrelid = target.keyed and source.nspname = target.nspname
                        where cardinality(key.names) = 1 and cardinality(key.target_names) = 1
                    ) as found
                    order by found.oid, found.column_name, found.place, found.to_table
                )

            select
                readable.nspname::text as table_schema,
                readable.relname::text as table_name,
                a.attname::text as column_name,
                a.attnum::integer as column_position,
                pg_catalog.format_type(a.atttypid, a.atttypmod) as data_type,
                exists (
                    select
                    from pg_catalog.pg_constraint as p
                    inner join pg_catalog.pg_attribute as part
                        on p.conrelid = part.attrelid and part.attnum = any (p.conkey)
                    where p.contype = 'p' and p.conrelid = readable.keyed and part.attname = a.attname
                ) as is_key,
                joins.to_table::text as joins_to_table,
                joins.to_column::text as joins_to_column,
                pg_catalog.col_description(readable.oid, a.attnum) as column_description,
                pg_catalog.obj_description(readable.oid, 'pg_class') as table_description
            from readable
            inner join pg_catalog.pg_attribute as a
                on readable.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
            left join joins on readable.oid = joins.oid and a.attname = joins.column_name
            $view$,
            place.name, array[place.name]
        );
        execute format('comment on view %I.data_dictionary is %L', place.name, place.meaning);
        for described in
            select *
            from (values
                ('table_schema', 'Schema of the table.'),
                ('table_name', 'Name of the table or view.'),
                ('column_name', 'Name of the column.'),
                ('column_position', 'Place of the column in its table, from 1.'),
                ('data_type', 'SQL type of the column.'),
                ('is_key', 'Whether the column is part of the table''s primary key.'),
                ('joins_to_table', 'The table that the column joins, in the same schema. Blank if it joins none.'),
                ('joins_to_column', 'The column of that table that has the same values. It is unique there.'),
                ('column_description', 'What the column means.'),
                ('table_description', 'What one row of the table is.')
            ) as one (name, description)
        loop
            execute format(
                'comment on column %I.data_dictionary.%I is %L', place.name, described.name, described.description
            );
        end loop;
        execute format('grant select on %I.data_dictionary to %s', place.name, place.readers);
        reset role;
    end loop;
end
$views$;
