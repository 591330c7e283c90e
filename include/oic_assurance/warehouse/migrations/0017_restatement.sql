-- Why a figure changed: which publication a build is compared with, by which rules it was computed, and
-- one row a cause where there was one row a figure.

alter table audit.build drop constraint build_purpose_check;
alter table audit.build add constraint build_purpose_check
check (purpose in ('daily', 'deadline', 'reproduce', 'restate'));
alter table audit.build add column rules_fingerprint text;
comment on column audit.build.rules_fingerprint is
'Of the policy seeds and of the models that compute figures from records: a changed rule shows here.';
alter table audit.build add column compared_with bigint;
comment on column audit.build.compared_with is
'The publication whose figures it says the changes since; empty where there was none.';
alter table audit.build add column steps_from timestamptz;
comment on column audit.build.steps_from is
'From when on the tables between raw and marts are this build''s, and no longer the one before it''s.';
grant update (compared_with, steps_from) on audit.build to oic_transform;

-- The cause becomes part of the key, in generations that are set aside too.
set local role oic_publish;
do $keys$
declare
    found record;
begin
    for found in
        select c.oid::regclass as place, k.conname as name
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_constraint as k on c.oid = k.conrelid
        where
            k.contype = 'p' and not c.relispartition
            and (
                (c.relnamespace = 'marts'::regnamespace and c.relname = 'restatement')
                or (c.relnamespace = 'generation'::regnamespace and c.relname ~ '^restatement__\d+$')
            )
    loop
        execute format('alter table %s drop constraint %I', found.place, found.name);
        execute format(
            'alter table %s add primary key '
            '(publication_id, force_code, measure_code, period_start, org_unit_code, cause)',
            found.place
        );
    end loop;
end
$keys$;

-- What is said to have changed is compared with a certain generation, also when readers see another.
grant select on all tables in schema generation to oic_transform, oic_gate;
reset role;
