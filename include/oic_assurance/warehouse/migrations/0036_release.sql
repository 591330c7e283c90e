-- A release to the public leaves as files. No login for the public exists any more. Schema `public_draft`
-- holds the figures that a publication could release, and no reader reads it. Schema `public_release`
-- holds the figures that were released.

-- The tables of the publications get another schema. The function of their policies moves with them.
alter schema public_release rename to public_draft;

do $$
declare
    reader constant name := 'public_reader';
    place record;
    is_ours boolean;
    is_needed boolean;
begin
    if not exists (select from pg_catalog.pg_roles where rolname = reader) then
        return;
    end if;
    execute format('revoke all on database %I from %I', current_database(), reader);
    set local role oic_publish;
    execute format('revoke all on schema public_draft from %I', reader);
    execute format('revoke all on function public_draft.current_publication() from %I', reader);
    execute format(
        'alter default privileges in schema public_draft revoke select on tables from %I', reader
    );
    for place in
        select c.relname, a.attname
        from pg_catalog.pg_class as c
        left join pg_catalog.pg_attribute as a
            on c.oid = a.attrelid and a.attname = 'publication_id' and not a.attisdropped
        where c.relnamespace = 'public_draft'::regnamespace and c.relkind in ('r', 'p', 'v')
    loop
        execute format('revoke all on public_draft.%I from %I', place.relname, reader);
        if place.attname is not null then
            execute format(
                'revoke references (%I) on public_draft.%I from %I',
                place.attname, place.relname, reader
            );
        end if;
    end loop;
    reset role;

    -- Another warehouse on this server may still use the role, or an administrator may have made it.
    is_ours := pg_has_role(current_user, reader, 'MEMBER WITH ADMIN OPTION');
    is_needed := exists (
        select
        from pg_catalog.pg_shdepend as d
        where d.refclassid = 'pg_catalog.pg_authid'::regclass
            and d.refobjid = (select r.oid from pg_catalog.pg_roles as r where r.rolname = reader)
    );
    if is_ours and not is_needed then
        begin
            execute format('drop role %I', reader);
        exception
            -- Another warehouse began to use it this very moment.
            when dependent_objects_still_exist then
                execute format('alter role %I nologin password null', reader);
        end;
    elsif is_ours then
        execute format('alter role %I nologin password null', reader);
    else
        raise warning 'the role % has no rights in this warehouse any more: an administrator may drop it',
            reader;
    end if;
end
$$;

set local role oic_publish;
comment on schema public_draft is
'What each publication could release to the public. It has not left, and no reader reads it.';
create schema public_release;
comment on schema public_release is
'What was released to the public. It changes only when somebody makes or withdraws a release.';
alter default privileges in schema public_release revoke all on tables from public;
grant usage on schema public_release to bi_reader;
reset role;

-- This table lists every release. Before releases were files, the login `public_reader` could read each
-- publication. So a publication that was the first to show the public a figure counts as a release too.
create table audit.release (
    release_id bigint primary key,
    publication_id bigint not null references marts.publication (publication_id),
    force_code text not null,
    as_at timestamptz not null,
    made_at timestamptz not null default clock_timestamp(),
    made_by text not null default session_user,
    because text not null check (because <> ''),
    through text not null default 'files' check (through in ('files', 'login')),
    notes jsonb not null default '{}',
    folder text,
    sums_sha256 text,
    placed_at timestamptz,
    withdrawn_at timestamptz,
    withdrawn_by text,
    withdrawn_because text check (withdrawn_because <> ''),
    check ((withdrawn_at is null) = (withdrawn_because is null)),
    check ((withdrawn_at is null) = (withdrawn_by is null)),
    check (through = 'login' or (folder is not null and sums_sha256 is not null))
);
comment on table audit.release is
'Each release of figures to the public: from which publication, by whom, why, and where its files are.';
comment on column audit.release.through is
'files, or login: before releases were files, a login showed the figures of each publication.';
comment on column audit.release.notes is
'What the files say besides the figures: publisher, rule, revisions and names of districts.';
comment on column audit.release.folder is 'The folder of the files when they were made.';
comment on column audit.release.sums_sha256 is
'The SHA-256 of the file SHA256SUMS, which lists the SHA-256 of every other file.';
comment on column audit.release.placed_at is
'When the finished folder was renamed to its name. Blank: it was interrupted, and the files are still to be placed.';
grant select, insert on audit.release to oic_publish;
grant update (placed_at, folder, sums_sha256, withdrawn_at, withdrawn_by, withdrawn_because)
on audit.release to oic_publish;
grant select on audit.release to oic_landing, oic_transform, oic_gate;

insert into audit.release (
    release_id, publication_id, force_code, as_at, made_at, because, through, placed_at
)
select
    row_number() over (order by min(released.released_at), released.publication_id),
    released.publication_id,
    publication.force_code,
    publication.as_at,
    min(released.released_at),
    'the login public_reader showed the figures of each publication',
    'login',
    min(released.released_at)
from audit.released_figure as released
inner join marts.publication as publication
    on released.publication_id = publication.publication_id
group by released.publication_id, publication.force_code, publication.as_at;

-- A figure belongs to the release that showed it first. Releases are numbered in their order, and a
-- later release may be of an earlier publication.
alter table audit.released_figure add column release_id bigint references audit.release (release_id);
update audit.released_figure as released
set release_id = made.release_id
from audit.release as made
where made.publication_id = released.publication_id;
drop index audit.released_figure_period;
alter table audit.released_figure
alter column release_id set not null,
drop constraint released_figure_pkey,
drop column publication_id,
add primary key (release_id, force_code, measure_code, period_start, org_unit_code);
create index released_figure_period
on audit.released_figure (force_code, measure_code, period_start, release_id);
comment on table audit.released_figure is
'Every figure about people or their records that was ever released, with the release that showed it first. It stays when a release is withdrawn: files that left cannot be recalled.';

-- The rows of each release. A column leaves only if it is listed here and in
-- `publishing/release_tables.py`.
set local role oic_publish;
create view public_release.release as
select
    release_id, force_code, publication_id, as_at, made_at as released_at, withdrawn_at,
    withdrawn_because
from audit.release
where through = 'files';
comment on view public_release.release is
'One row for each release that left as files, also the withdrawn ones.';

create table public_release.assurance_position (
    release_id bigint not null,
    force_code text not null,
    point_code text not null,
    as_at timestamptz not null,
    status text not null,
    is_suppressed boolean not null,
    figures_from date,
    figures_to date,
    numerator bigint,
    denominator bigint,
    value double precision,
    deadline date,
    days_to_deadline integer,
    status_at_deadline text,
    source_status text not null,
    publication_id bigint not null,
    primary key (release_id, force_code, point_code)
);
comment on table public_release.assurance_position is
'The four points as the latest release shows them that is not withdrawn.';

create table public_release.assurance_period (
    release_id bigint not null,
    force_code text not null,
    measure_code text not null,
    point_code text not null,
    period_start date not null,
    period_end date not null,
    org_unit_code text not null,
    numerator bigint not null,
    denominator bigint not null,
    value double precision,
    publication_id bigint not null,
    primary key (release_id, force_code, measure_code, period_start, org_unit_code)
);
comment on table public_release.assurance_period is
'Every figure of the latest release that is not withdrawn, by period.';

create table public_release.assurance_measure (
    release_id bigint not null,
    force_code text not null,
    measure_code text not null,
    point_code text not null,
    period_start date not null,
    org_unit_code text not null,
    is_suppressed boolean not null,
    numerator bigint,
    denominator bigint,
    value double precision,
    publication_id bigint not null,
    primary key (release_id, force_code, measure_code, period_start, org_unit_code)
);
comment on table public_release.assurance_measure is
'A row for every month, measure and unit of the latest release that is not withdrawn.';

do $$
declare
    name text;
begin
    foreach name in array array['assurance_position', 'assurance_period', 'assurance_measure']
    loop
        execute format('alter table public_release.%I enable row level security', name);
        execute format(
            'create policy latest_release on public_release.%I for select using (release_id = ('
            'select max(made.release_id) from public_release.release as made '
            'where made.withdrawn_at is null))',
            name
        );
        execute format('grant select on public_release.%I to bi_reader', name);
    end loop;
end
$$;
grant select on public_release.release to bi_reader;
reset role;
