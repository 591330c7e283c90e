-- What the public was ever shown of people and their records. Old generations are erased, but what was
-- told cannot be untold: every later release is held against all of it.

create table audit.released_figure (
    publication_id bigint not null references marts.publication (publication_id),
    force_code text not null,
    measure_code text not null,
    period_start date not null,
    period_end date not null,
    org_unit_code text not null,
    numerator bigint not null check (numerator >= 0),
    denominator bigint not null check (denominator >= numerator),
    released_at timestamptz not null default clock_timestamp(),
    primary key (publication_id, force_code, measure_code, period_start, org_unit_code)
);
comment on table audit.released_figure is
'Every figure about people or their records that the public was ever shown, and by which publication first.';
comment on column audit.released_figure.period_end is 'Last day of the last month that the figure is for.';
comment on column audit.released_figure.org_unit_code is
'ALL for the force, a district, or REST for what is in no district: those add up to ALL.';
create index released_figure_period
on audit.released_figure (force_code, measure_code, period_start, publication_id);

grant insert on audit.released_figure to oic_publish;
grant select on audit.released_figure to oic_landing, oic_transform, oic_gate, oic_publish;
