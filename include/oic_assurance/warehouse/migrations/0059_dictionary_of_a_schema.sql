-- The dictionary of a schema describes that schema alone. `marts.data_dictionary` also described `public_release`, which has
-- tables with the names of marts: a question about a table by its name had the columns of two tables as its answer.
set local role oic_publish;
do $views$
declare
    two_schemas constant text := '{marts,public_release}';
    definition constant text := pg_catalog.pg_get_viewdef('marts.data_dictionary'::regclass);
    whole constant text := 'One row per column of each table of this schema that the login can read: what it means, and which '
        'table it joins. For tools that do not show the comments and keys of tables.';
    described record;
begin
    if pg_catalog.strpos(definition, two_schemas) = 0 then
        raise 'marts.data_dictionary is not the view that migration 0043 made';
    end if;
    execute 'create or replace view marts.data_dictionary as ' || replace(definition, two_schemas, '{marts}');
    execute 'create view public_release.data_dictionary as ' || replace(definition, two_schemas, '{public_release}');
    execute format('comment on view marts.data_dictionary is %L', whole);
    execute format('comment on view public_release.data_dictionary is %L', whole);
    for described in
        select attname, pg_catalog.col_description(attrelid, attnum) as meaning
        from pg_catalog.pg_attribute
        where attrelid = 'marts.data_dictionary'::regclass and attnum > 0
    loop
        execute format(
            'comment on column public_release.data_dictionary.%I is %L', described.attname, described.meaning
        );
    end loop;
end
$views$;
grant select on public_release.data_dictionary to bi_reader, oic_transform, oic_gate;
reset role;
