"""A publication does not disturb a reader, and a killed publication leaves nothing behind.

`tests/readers` has many readers of every kind at the same time.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql

from oic_assurance.builds.record import Build
from oic_assurance.errors import GateBlocked
from oic_assurance.publishing.publication import current_publication, list_publications
from oic_assurance.publishing.publish import publish
from oic_assurance.publishing.retention import detach_old
from oic_assurance.publishing.rollback import rollback
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import admin_url, warehouse_url
from tests.databases import administrator
from tests.integration.publishing.marts import (
    TABLES,
    as_reader,
    audit,
    audited_build,
    make_candidates,
    published,
)

MARTS = [table for schema, table in TABLES if schema == "candidate"]
PUBLISH = """
import sys
from dataclasses import make_dataclass
from oic_assurance.publishing.publish import publish
from oic_assurance.settings import load_settings
from tests.databases import administrator
publish(load_settings(), make_dataclass("Build", ["build_id"])(int(sys.argv[1])))
"""


def test_an_open_transaction_keeps_its_whole_generation(
    fresh_warehouse: Settings,
) -> None:
    first = published(fresh_warehouse)
    with as_reader(fresh_warehouse, "bi") as early:
        early.execute("select count(*) from marts.dim_date")
        second = published(fresh_warehouse, scale=3)
        # The transaction began before the second publication, so it still sees the first, even in
        # tables that it has not read yet.
        for table in MARTS:
            seen = early.execute(
                sql.SQL("select min(publication_id), max(publication_id), count(*) from {}").format(
                    sql.Identifier("marts", table)
                )
            ).fetchone()
            assert seen == (first, first, 10)
        early.commit()
        assert early.execute(
            "select distinct publication_id, count(*) from marts.dim_date group by 1"
        ).fetchall() == [(second, 30)]


def test_a_long_cursor_is_read_to_its_end(fresh_warehouse: Settings) -> None:
    first = published(fresh_warehouse, scale=5)
    with as_reader(fresh_warehouse, "bi") as reader, reader.cursor("long") as cursor:
        cursor.execute("select publication_id from marts.assurance_measure")
        seen = cursor.fetchmany(10)
        published(fresh_warehouse)
        seen += cursor.fetchall()
    assert seen == [(first,)] * 50


@pytest.fixture
def analyst(fresh_warehouse: Settings) -> Iterator[str]:
    """The URL of a login that has a schema for its views and the same access as BI tools."""
    uri = warehouse_url(fresh_warehouse)
    database = psycopg.conninfo.conninfo_to_dict(uri)["dbname"]
    administrator = admin_url(fresh_warehouse, str(database))
    with psycopg.connect(administrator, autocommit=True) as conn:
        conn.execute("create role analyst login password 'of the test'")
        conn.execute("grant bi_reader to analyst")
        conn.execute("create schema analyst authorization analyst")
    try:
        yield psycopg.conninfo.make_conninfo(uri, user="analyst", password="of the test")
    finally:
        with psycopg.connect(administrator, autocommit=True) as conn:
            conn.execute("drop owned by analyst cascade; drop role analyst")


def test_a_view_that_an_analyst_made_keeps_working(fresh_warehouse: Settings, analyst: str) -> None:
    first = published(fresh_warehouse)
    with psycopg.connect(analyst, autocommit=True) as conn:
        conn.execute(
            "create view analyst.mine as select o.publication_id, o.role, count(*) as referrals "
            "from marts.fct_nccu_referral as f "
            "join marts.dim_officer as o using (publication_id, force_code, officer_key) "
            "group by 1, 2"
        )
        question = "select max(publication_id), sum(referrals) from analyst.mine"
        assert conn.execute(question).fetchone() == (first, 10)
        for scale in (2, 3, 4):
            newest = published(fresh_warehouse, scale=scale)
            assert conn.execute(question).fetchone() == (newest, 10 * scale)
        assert detach_old(fresh_warehouse, attached=1, keep=2).erased
        rollback(fresh_warehouse, newest - 1, "a wrong unit in the newest")
        assert conn.execute(question).fetchone() == (newest - 1, 30)


def test_two_publishers_of_one_build_make_one_publication(fresh_warehouse: Settings) -> None:
    build = audited_build(fresh_warehouse)
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: publish(fresh_warehouse, build), range(3)))
    assert set(made) == set(list_publications(fresh_warehouse))


@pytest.mark.parametrize(
    "obstacle",
    [
        # This lock makes the publication wait after it has attached the tables and before it
        # commits.
        "lock table audit.generation in exclusive mode",
        # This lock makes the publication wait after it has also moved the pointer and before it
        # commits.
        "select from audit.run for update",
    ],
)
def test_a_killed_publication_converges(fresh_warehouse: Settings, obstacle: str) -> None:
    standing = published(fresh_warehouse)
    build = audited_build(fresh_warehouse, scale=2)
    _publish_and_be_killed(fresh_warehouse, build, obstacle)
    with as_reader(fresh_warehouse, "bi") as reader:
        seen = reader.execute("select distinct publication_id from marts.dim_date").fetchall()
        assert seen == [(standing,)]
    publication = publish(fresh_warehouse, build)
    assert publication.is_current
    assert current_publication(fresh_warehouse) == publication
    assert [p.publication_id for p in list_publications(fresh_warehouse)] == [
        build.build_id,
        standing,
    ]
    with as_reader(fresh_warehouse, "bi") as reader:
        assert reader.execute("select count(*) from marts.dim_date").fetchone() == (20,)


def test_a_build_repeated_after_a_kill_is_not_taken_for_the_audited_one(
    fresh_warehouse: Settings,
) -> None:
    standing = published(fresh_warehouse)
    build = audited_build(fresh_warehouse, salt="before")
    _publish_and_be_killed(fresh_warehouse, build, "select from audit.run for update")
    make_candidates(fresh_warehouse, build, salt="after")
    audit(fresh_warehouse, build)
    with pytest.raises(GateBlocked, match="built again after a publication of it was interrupted"):
        publish(fresh_warehouse, build)
    assert current_publication(fresh_warehouse) == list_publications(fresh_warehouse)[0]
    newest = published(fresh_warehouse)
    # Retention erases the generation that was attached but never shown. `keep` is the number of
    # published generations that are kept.
    assert detach_old(fresh_warehouse).erased == [build.build_id]
    assert detach_old(fresh_warehouse, attached=1, keep=1).erased == [standing]
    with as_reader(fresh_warehouse, "bi") as reader:
        seen = reader.execute("select distinct publication_id from marts.dim_date").fetchall()
        assert seen == [(newest,)]


def _publish_and_be_killed(settings: Settings, build: Build, obstacle: str) -> None:
    """Publish in a separate process, and kill the process while it waits for a lock.

    `obstacle` is the statement that takes the lock.
    """
    with administrator(settings) as other:
        other.execute(obstacle)
        process = subprocess.Popen([sys.executable, "-c", PUBLISH, str(build.build_id)])
        try:
            _wait_until_it_waits(settings)
        finally:
            process.kill()
            process.wait()


def _wait_until_it_waits(settings: Settings) -> None:
    statements = ("%insert into audit.generation%", "%update audit.run%")
    with psycopg.connect(admin_url(settings), autocommit=True) as administrator:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            waiting = administrator.execute(
                "select pid from pg_stat_activity "
                "where wait_event_type = 'Lock' and query like any (%s)",
                (list(statements),),
            ).fetchone()
            if waiting is not None:
                return
            time.sleep(0.005)
    raise AssertionError("the publisher never waited for the obstacle")
