"""Migrations on real databases: each file is applied once, and by one process at a time."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.cli.main import run_command
from oic_assurance.errors import ServerError, UsageError
from oic_assurance.settings import Settings
from oic_assurance.warehouse import connections
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.connections import admin_url, url, warehouse_url
from oic_assurance.warehouse.migrate import known_migrations, migrate, missing_migrations
from oic_assurance.warehouse.versions import BASELINE, VersionError
from tests.databases import administrator
from tests.integration.asking import ask
from tests.upgrade.interrupted import schema


def test_a_fresh_migration_is_quick_and_a_second_does_nothing(empty_warehouse: Settings) -> None:
    begun = time.monotonic()
    applied = migrate(empty_warehouse)
    assert time.monotonic() - begun < 5
    assert applied == [migration.name for migration in known_migrations()]
    assert migrate(empty_warehouse) == []
    with administrator(empty_warehouse) as connection:
        recorded = connection.execute(
            "select name, checksum from audit.schema_migration order by number"
        ).fetchall()
    assert recorded == [(migration.name, migration.checksum) for migration in known_migrations()]


def test_concurrent_migrations_apply_each_file_once(empty_warehouse: Settings) -> None:
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda _: migrate(empty_warehouse), range(3)))
    assert sorted(map(len, results)) == [0, 0, len(known_migrations())]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "update audit.schema_migration set checksum = 'x'",
            "1000_version_1_0 was changed after",
        ),
        (
            "update audit.schema_migration set number = 81, name = '0081_order_of_what_blocks.sql'",
            r"ends with 0081_order_of_what_blocks\.sql, which is too old for version 1\..*: "
            r"first run `assurance db start` of commit f6d126b9 \(.*\)\. Nothing was changed\.$",
        ),
        (
            "insert into audit.schema_migration values (9999, '9999_tomorrow.sql', 'x')",
            r"newer than this code: .* ends with 9999_tomorrow",
        ),
    ],
)
def test_a_changed_migration_and_another_warehouse_are_refused(
    fresh_warehouse: Settings, change: str, words: str
) -> None:
    ask(fresh_warehouse, change)
    before = schema()
    with pytest.raises((ServerError, VersionError), match=words):
        migrate(fresh_warehouse)
    assert schema() == before


def test_the_last_warehouse_of_before_version_1_is_taken_over(fresh_warehouse: Settings) -> None:
    """Its schema is the same, and its record has the migrations of before."""
    of_version_1 = schema()
    record = "select number, name, checksum from audit.schema_migration"
    recorded = ask(fresh_warehouse, record)
    ask(
        fresh_warehouse,
        """
        delete from audit.schema_migration;
        insert into audit.schema_migration (number, name, checksum)
        values (1, '0001_roles.sql', 'x'), (82, '0082_no_watcher_of_processes.sql', 'y');
        comment on column audit.pseudonym_key.form is '1: as until migration 0037';
        comment on column audit.pseudonym_key.made_at is 'Blank before migration 0037.';
        comment on column audit.not_taken.modified_at is 'Blank before it was added.'
        """,
    )
    assert [one.name for one in missing_migrations(fresh_warehouse)] == [BASELINE.name]
    assert migrate(fresh_warehouse) == [BASELINE.name]
    assert ask(fresh_warehouse, record) == recorded
    assert schema() == of_version_1
    assert migrate(fresh_warehouse) == []


@pytest.fixture
def stranger(
    empty_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[psycopg.Connection]:
    """An administrator's connection, while the settings use a login that owns nothing."""
    place = conninfo_to_dict(warehouse_url(empty_warehouse))
    changed = place | {"user": "stranger", "password": "stranger"}
    with psycopg.connect(admin_url(empty_warehouse), autocommit=True) as administrator:
        administrator.execute("create role stranger login password 'stranger'")
        database = sql.Identifier(str(place["dbname"]))
        administrator.execute(sql.SQL("grant connect on database {} to stranger").format(database))
        monkeypatch.setenv(
            "AIRFLOW_CONN_WAREHOUSE",
            libpq_uri({key: str(value) for key, value in changed.items()}),
        )
        yield administrator
        administrator.execute(
            sql.SQL("alter database {} owner to warehouse_owner").format(database)
        )
        with psycopg.connect(admin_url(empty_warehouse, str(place["dbname"]))) as inside:
            inside.execute("drop owned by stranger cascade")
        administrator.execute("drop role stranger")


def test_a_start_says_which_servers_are_ready_and_why(
    empty_warehouse: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = "PostgreSQL is ready on 127.0.0.1, port "
    for outside, lines in (
        (("warehouse",), ["The warehouse is ready: host 127.0.0.1, ", here]),
        (("warehouse", "rms", "intelligence"), ["The warehouse is ready: host 127.0.0.1, "]),
    ):
        for name in outside:
            monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", warehouse_url(empty_warehouse))
        assert run_command(["db", "start"]) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert all(line in shown for line in lines), shown
        assert ("for rms and intelligence: set AIRFLOW_CONN_RMS and" in shown) == (len(lines) > 1)


def test_a_login_that_does_not_own_the_database_is_refused(
    empty_warehouse: Settings, stranger: psycopg.Connection
) -> None:
    with pytest.raises(ServerError, match="'stranger' does not own the warehouse database"):
        migrate(empty_warehouse)


def test_roles_of_another_warehouse_are_used_only_if_they_are_granted(
    empty_warehouse: Settings, stranger: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On somebody else's server no administrator is known, so the owner itself migrates."""
    monkeypatch.setattr(connections, "administrator_url", lambda _: None)
    database = str(conninfo_to_dict(warehouse_url(empty_warehouse))["dbname"])
    stranger.execute(
        sql.SQL("alter database {} owner to stranger").format(sql.Identifier(database))
    )
    with pytest.raises(ServerError, match="1000_version_1_0 failed: permission denied to grant"):
        migrate(empty_warehouse)


def test_readers_log_in_read_only_and_see_one_snapshot(fresh_warehouse: Settings) -> None:
    with psycopg.connect(url(fresh_warehouse, "bi")) as reader:
        shown = [
            reader.execute(f"show {setting}".encode()).fetchone()
            for setting in ("transaction_read_only", "transaction_isolation", "search_path")
        ]
    assert shown == [("on",), ("repeatable read",), ("marts",)]


def test_a_readers_lost_password_is_set_again(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(admin_url(fresh_warehouse), autocommit=True) as administrator:
        administrator.execute("alter role bi_reader password 'forgotten'")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url(fresh_warehouse, "bi"))
    assert migrate(fresh_warehouse) == []
    psycopg.connect(url(fresh_warehouse, "bi")).close()


def test_every_table_and_schema_has_a_comment(fresh_warehouse: Settings) -> None:
    with administrator(fresh_warehouse) as connection:
        without_comment = connection.execute(
            """
            select n.nspname, c.relname
            from pg_class as c
            inner join pg_namespace as n on c.relnamespace = n.oid
            where c.relkind in ('r', 'p', 'v') and n.nspname !~ '^pg_|^information_schema$'
                and obj_description(c.oid, 'pg_class') is null
            union all
            select nspname, null
            from pg_namespace
            where nspname !~ '^pg_|^information_schema$'
                and obj_description(oid, 'pg_namespace') is null
            """
        ).fetchall()
    assert without_comment == []


def test_the_address_of_the_public_login_says_why_there_is_none(
    fresh_warehouse: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="no login for the public: a release leaves as files"):
        url(fresh_warehouse, "public")
    assert run_command(["db", "url", "public"]) == 2
    assert "assurance release make" in capsys.readouterr().err
