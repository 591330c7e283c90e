"""Separate databases on the server that all tests in a session share."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.settings import Settings, load_settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.state.apply import apply_state
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.connections import admin_url, warehouse_url
from oic_assurance.warehouse.migrate import migrate

# PostgreSQL copies a database with the privileges on its objects, but without the privileges on the
# database itself and without the database's settings.
_RIGHTS_AND_SETTINGS = """
select format('revoke all on database %%I from public', %(to)s::text)
where %(template)s <> 'template1'
union all
select format(
    'grant %%s on database %%I to %%I', granted.privilege_type, %(to)s::text,
    pg_get_userbyid(granted.grantee)
)
from pg_catalog.pg_database as d, aclexplode(d.datacl) as granted
where d.datname = %(template)s and %(template)s <> 'template1' and granted.grantee <> 0
union all
select format(
    'alter database %%I set %%I = %%L', %(to)s::text, split_part(setting, '=', 1),
    substr(setting, strpos(setting, '=') + 1)
)
from pg_catalog.pg_db_role_setting as s
inner join pg_catalog.pg_database as d on s.setdatabase = d.oid
cross join unnest(s.setconfig) as setting
where d.datname = %(template)s and s.setrole = 0
"""


@contextmanager
def used_as_warehouse(uri: str) -> Iterator[None]:
    """Use the database at an address as the warehouse."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_WAREHOUSE", uri)
        yield


@contextmanager
def temporary_warehouse(
    name: str, *, template: str = "template1", is_kept: bool = False
) -> Iterator[None]:
    """Create a database and use it as the warehouse. Drop it at the end, unless `is_kept`.

    A database of this name that was kept is dropped first.
    The database has the tables of its template. Without a template, it is empty and must be
    migrated before it can be used.
    """
    settings = load_settings()
    parts = conninfo_to_dict(warehouse_url(settings)) | {"dbname": name}
    uri = libpq_uri({key: str(value) for key, value in parts.items()})
    create = sql.SQL("create database {} template {} strategy file_copy owner warehouse_owner")
    drop = sql.SQL("drop database if exists {} with (force)")
    with psycopg.connect(admin_url(settings), autocommit=True) as administrator:
        administrator.execute(drop.format(sql.Identifier(name)))
        administrator.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        copied = {"to": name, "template": template}
        for (statement,) in administrator.execute(_RIGHTS_AND_SETTINGS, copied):
            administrator.execute(statement.encode())
    try:
        with used_as_warehouse(uri):
            yield
    finally:
        if not is_kept:
            with psycopg.connect(admin_url(settings), autocommit=True) as administrator:
                administrator.execute(drop.format(sql.Identifier(name)))


#: The names of the databases in which tests build models of a force and of the national view, one
#: test after another. dbt parses the project again for a database of another name, which takes
#: seconds.
MODELS_DATABASE = "warehouse_models"
NATIONAL_DATABASE = "warehouse_national"

Prepare = Callable[[Settings], object]


def migrated(settings: Settings) -> None:
    """Prepare a warehouse with its tables, but without data."""
    migrate(settings)
    apply_state(settings)


@dataclass
class Prepared:
    """Databases that are prepared once, and copied for every test that needs one.

    The databases stay on the session's server until it is removed. No session may be connected to
    them, because PostgreSQL copies only a database without sessions.
    """

    #: By what prepares them, and by the declarations of the deployment at that time: a migrated
    #: warehouse knows its datasets.
    names: dict[tuple[Prepare, str], str] = field(default_factory=dict)

    @contextmanager
    def copy(self, prepare: Prepare, name: str | None = None) -> Iterator[Settings]:
        """Yield settings whose warehouse is a copy of the database that `prepare` has filled.

        `prepare` is called with the settings of a migrated warehouse, once in a session. The copy
        has a name that no other has, or the one that is given.
        """
        with temporary_warehouse(name or _new_name(), template=self._name(prepare)):
            yield load_settings()

    def _name(self, prepare: Prepare) -> str:
        key = prepare, ", ".join(datasets())
        if key not in self.names:
            name = _new_name()
            template = "template1" if prepare is migrated else self._name(migrated)
            with temporary_warehouse(name, template=template, is_kept=True):
                prepare(load_settings())
            self.names[key] = name
        return self.names[key]


def _new_name() -> str:
    return f"warehouse_{uuid.uuid4().hex[:12]}"


def administrator(settings: Settings, *, autocommit: bool = False) -> psycopg.Connection:
    """Return a session of the server's superuser in the warehouse, in the time zone UTC.

    This session may read and change everything. No login of the warehouse may do so.
    """
    database = str(conninfo_to_dict(warehouse_url(settings))["dbname"])
    uri = admin_url(settings, database)
    return psycopg.connect(uri, autocommit=autocommit, options="-c timezone=UTC")
