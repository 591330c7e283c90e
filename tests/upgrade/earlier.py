"""A small state of an earlier version: its tables, what dbt built in it, and a publication.

It is the state of a warehouse before logins for each stage: the owner keeps what it has created.
The slow tests make real states, with the code of their time (`tests/upgrade/real.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from oic_assurance.publishing.audiences import open_after_upgrade
from oic_assurance.settings import load_settings
from oic_assurance.warehouse import migrate as migrating
from oic_assurance.warehouse.connections import admin_url
from oic_assurance.warehouse.migrate import known_migrations, migrate
from tests.databases import temporary_warehouse

#: The last migration of the earlier version.
LAST = "0029_login_of_approval.sql"
#: The login of a supervisor. Logins belong to the server, so its name is of these tests alone.
SUPERVISOR = "supervisor_of_the_upgrade"
_NAME = "warehouse_earlier"
_CONTENT = f"""
insert into marts.publication (publication_id, force_code, as_at, gate_verdict, is_current)
values (1, 'F', '2026-03-01', 'passed', true);
insert into audit.released_figure
values (1, 'F', 'm', '2026-02-01', '2026-02-28', 'ALL', 20, 30, '2026-04-02');

set role oic_transform;
create view staging_general.stg_audit__released_figure as select * from audit.released_figure;
create view intermediate.int_period as
select publication_id, period_start from staging_general.stg_audit__released_figure;
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

drop role if exists {SUPERVISOR};
create role {SUPERVISOR} login password '{SUPERVISOR}' in role supervisor_reader;
"""


def upgrade() -> list[str]:
    """Migrate as every command does, and open the marts for limited readers."""
    return migrate(load_settings(), open_marts=open_after_upgrade)


@contextmanager
def earlier_state() -> Iterator[None]:
    """Use a new database with the earlier state as the warehouse. It is a template for copies."""
    known = known_migrations()
    (last,) = [one.number for one in known if one.name == LAST]
    with temporary_warehouse(_NAME):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(migrating, "known_migrations", lambda: known[:last])
            patch.setattr(migrating, "hand_over", lambda *_: None)
            migrate(load_settings())
        with psycopg.connect(admin_url(load_settings(), _NAME), autocommit=True) as session:
            session.execute(_CONTENT.encode())
        yield
        with psycopg.connect(admin_url(load_settings(), _NAME), autocommit=True) as session:
            session.execute(f"drop role {SUPERVISOR}".encode())


@contextmanager
def copy(name: str) -> Iterator[None]:
    """Use a copy of the earlier state as the warehouse."""
    with temporary_warehouse(name, template=_NAME):
        yield
