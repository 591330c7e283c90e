"""Separate databases on the server that all tests of a session share."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.settings import load_settings
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.connections import admin_url, warehouse_url


@contextmanager
def temporary_warehouse(name: str, *, template: str = "template1") -> Iterator[None]:
    """Create a database and use it as the warehouse. Drop it at the end of the block.

    The database has the tables of its template. Without a template, it is empty and must be
    migrated before it can be used.
    """
    settings = load_settings()
    parts = conninfo_to_dict(warehouse_url(settings)) | {"dbname": name}
    uri = libpq_uri({key: str(value) for key, value in parts.items()})
    create = sql.SQL("create database {} template {} owner warehouse_owner")
    drop = sql.SQL("drop database {} with (force)")
    with psycopg.connect(admin_url(settings), autocommit=True) as administrator:
        administrator.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AIRFLOW_CONN_WAREHOUSE", uri)
            yield
    finally:
        with psycopg.connect(admin_url(settings), autocommit=True) as administrator:
            administrator.execute(drop.format(sql.Identifier(name)))
