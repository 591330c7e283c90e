"""Two publications, and three limited logins: two supervisors and the Commissioner's office."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from oic_assurance.builds.record import Build
from oic_assurance.operations.access import give
from oic_assurance.publishing.publish import publish
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import admin_url, connect, url
from tests.databases import Prepared, administrator
from tests.integration.asking import ask
from tests.integration.publishing.marts import (
    audit,
    make_candidates,
    open_build,
)

LOGINS = {"inspector_one": ("U1",), "inspector_two": ("U2", "U3"), "office_reader": ()}

Connect = Callable[[str], psycopg.Connection]


def publish_twice(settings: Settings) -> None:
    """Prepare a warehouse that has two publications."""
    published_with_history(settings)
    published_with_history(settings)


@contextmanager
def two_publications(prepared: Prepared) -> Iterator[Settings]:
    """Yield a warehouse with two publications, and drop the limited logins at the end.

    Logins belong to the whole server, which other tests use too.
    """
    with prepared.copy(publish_twice) as warehouse:
        yield warehouse
        drop_logins(warehouse, *LOGINS, "analyst")


def drop_logins(warehouse: Settings, *names: str) -> None:
    """Drop logins, with what they may do in a warehouse. Some of them may not exist."""
    with psycopg.connect(admin_url(warehouse, database_of(warehouse))) as administrator:
        for login in names:
            administrator.execute(
                sql.SQL("do $$ begin if exists (select from pg_roles where rolname = {name}) then "
                        "drop owned by {role} cascade; drop role {role}; end if; end $$").format(
                    name=sql.Literal(login), role=sql.Identifier(login)
                )
            )  # fmt: skip


@contextmanager
def logins(warehouse: Settings) -> Iterator[Connect]:
    """Give the three logins their access, like the command `assurance access give`.

    Yields a function that connects as the login with a given name.
    """
    passwords = {
        login: give(warehouse, login, units, "works the list") for login, units in LOGINS.items()
    }
    opened: list[psycopg.Connection] = []

    def connection(login: str) -> psycopg.Connection:
        opened.append(
            psycopg.connect(
                url(warehouse, "bi"), user=login, password=passwords[login], autocommit=True
            )
        )
        return opened[-1]

    yield connection
    for one in opened:
        one.close()


def database_of(settings: Settings) -> str:
    with administrator(settings) as conn:
        return conn.info.dbname


def published_with_history(settings: Settings, *, salt: str = "", change: str = "") -> int:
    """Publish the handmade marts and a history of exceptions. Return the publication's number.

    The SQL `change` is run on the candidate.
    """
    build = open_build(settings)
    make_candidates(settings, build, salt=salt)
    add_history(settings, build)
    ask(settings, change, login="oic_transform")
    audit(settings, build)
    return publish(settings, build).publication_id


def add_history(settings: Settings, build: Build) -> None:
    with connect(settings, role="oic_transform") as conn:
        conn.execute(
            """
            create table candidate.assurance_exception_history as
            select force_code, publication_id,
                md5(exception_code || '|' || record_ref || '|' || officer_key) as exception_key,
                exception_code,
                'HYDRA' as point_code, record_ref, org_unit_code, officer_key,
                timestamptz '2026-04-01Z' as opened_at, null::timestamptz as closed_at,
                null::text as closed_because, true as is_open, true as is_latest
            from candidate.assurance_exception;
            alter table candidate.assurance_exception_history
            add primary key (publication_id, force_code, exception_key)
            """
        )


def rows(
    conn: psycopg.Connection, mart: str, columns: str = "*", *, schema: str = "limited"
) -> list[tuple[Any, ...]]:
    statement = sql.SQL(f"select {columns} from {{}}").format(sql.Identifier(schema, mart))
    return sorted(conn.execute(statement).fetchall())


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        yield


@pytest.fixture
def warehouse(prepared: Prepared) -> Iterator[Settings]:
    """A warehouse with two publications."""
    with two_publications(prepared) as published:
        yield published


@pytest.fixture
def log_in(warehouse: Settings) -> Iterator[Connect]:
    """A function that connects as one of the limited logins."""
    with logins(warehouse) as connection:
        yield connection
