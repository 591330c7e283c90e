"""A small warehouse with migrations that it still lacks: what dbt built in it, and a publication.

The first of the migrations that it lacks is the baseline, because it ends with the last migration
of before. The ones of tomorrow change what such migrations have changed: evidence, published
tables and functions.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from oic_assurance.publishing.audiences import open_after_upgrade
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.connections import admin_url
from oic_assurance.warehouse.migrate import migrate
from oic_assurance.warehouse.versions import BASELINE, LAST_BEFORE
from tests.databases import temporary_warehouse
from tests.integration.warehouse.stage_roles import add_migration

#: A login of a supervisor. It belongs to the whole server, so its name is of these tests alone.
SUPERVISOR = "supervisor_of_the_upgrade"
_NAME = "warehouse_earlier"
_CONTENT = f"""
insert into marts.publication (publication_id, force_code, as_at, gate_verdict, is_current)
values (1, 'F', '2026-03-01', 'passed', true);

set role oic_transform;
create view staging_general.stg_audit__run as select * from audit.run;
create view intermediate.int_run as select run_id, message from staging_general.stg_audit__run;
create table intermediate.int_measure_month as select 'm' as measure_code;
reset role;

set role oic_publish;
create table marts.assurance_measure (
    publication_id bigint, force_code text, value double precision,
    primary key (publication_id, force_code)
) partition by list (publication_id);
create table marts.dim_officer (
    publication_id bigint, force_code text, officer_key text, org_unit_code text, rank_grade text,
    primary key (publication_id, force_code, officer_key)
) partition by list (publication_id);
create table generation.assurance_measure__1 partition of marts.assurance_measure for values in (1);
create table generation.dim_officer__1 partition of marts.dim_officer for values in (1);
insert into marts.assurance_measure values (1, 'F', 0.5);
insert into marts.dim_officer values (1, 'F', 'k', 'U1', 'SERGEANT');
grant select on marts.assurance_measure, marts.dim_officer to bi_reader;
reset role;

delete from audit.schema_migration;
insert into audit.schema_migration (number, name, checksum) values (82, '{LAST_BEFORE}', 'x');

drop role if exists {SUPERVISOR};
create role {SUPERVISOR} login password '{SUPERVISOR}' in role supervisor_reader;
"""
_TOMORROW = {
    "evidence": """
        create table audit.tomorrow (
            tomorrow_id bigint generated always as identity primary key,
            run_id text not null references audit.run (run_id),
            seen_at timestamptz not null default clock_timestamp()
        );
        comment on table audit.tomorrow is 'What will be.';
        create index tomorrow_of_run on audit.tomorrow (run_id);
        grant select, insert on audit.tomorrow to oic_gate;
        alter table audit.run alter column message type varchar(500), add column tomorrow text;
        comment on column audit.run.tomorrow is 'What will be.';
        create function audit.tomorrow(of_run text) returns bigint
        language sql stable
        return (select count(*) from audit.tomorrow where run_id = of_run);
        comment on function audit.tomorrow(text) is 'How much will be.';
        grant execute on function audit.tomorrow to oic_gate;
    """,
    "marts": """
        set local role oic_publish;
        do $columns$
        begin
            if to_regclass('marts.dim_officer') is not null then
                alter table marts.dim_officer drop column rank_grade cascade;
            end if;
        end
        $columns$;
        alter table marts.publication add column tomorrow text;
        comment on column marts.publication.tomorrow is 'What will be.';
        create view marts.tomorrow as select publication_id, tomorrow from marts.publication;
        comment on view marts.tomorrow is 'What will be.';
        grant select on marts.tomorrow to bi_reader, oic_gate;
        reset role;
    """,
}


def upgrade() -> list[str]:
    """Migrate as every command does, and open the marts for limited readers."""
    return migrate(load_settings(), open_marts=open_after_upgrade)


@contextmanager
def earlier_state() -> Iterator[list[str]]:
    """Use a new database with the earlier state as the warehouse. It is a template for copies.

    Meanwhile, the code has the migrations of tomorrow. Yields the names of those that the state
    lacks.
    """
    with temporary_warehouse(_NAME), pytest.MonkeyPatch.context() as patch:
        migrate(load_settings())
        with psycopg.connect(admin_url(load_settings(), _NAME), autocommit=True) as session:
            session.execute(_CONTENT.encode())
        tomorrow = [add_migration(patch, name, text).name for name, text in _TOMORROW.items()]
        yield [BASELINE.name, *tomorrow]
        with psycopg.connect(admin_url(load_settings(), _NAME), autocommit=True) as session:
            session.execute(f"drop role {SUPERVISOR}".encode())


@contextmanager
def copy(name: str) -> Iterator[None]:
    """Use a copy of the earlier state as the warehouse."""
    with temporary_warehouse(name, template=_NAME):
        yield
