"""Migrations on real databases: each file is applied once, and by one process at a time."""

import time
from collections.abc import Iterator, Sequence
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
from oic_assurance.warehouse.connections import admin_url, connect, url, warehouse_url
from oic_assurance.warehouse.migrate import EARLIER_TEXTS, known_migrations, migrate
from oic_assurance.warehouse.versions import VersionError
from tests.databases import administrator
from tests.integration.asking import ask
from tests.integration.warehouse.stage_roles import migrate_before

_FIGURES = """
insert into marts.publication (publication_id, force_code, as_at, gate_verdict) values
    (3, 'F', '2026-03-01', 'passed'), (4, 'F', '2026-04-01', 'passed');
insert into audit.released_figure values
    (4, 'F', 'm', '2026-02-01', '2026-02-28', 'ALL', 20, 30, '2026-04-02'),
    (3, 'F', 'm', '2026-01-01', '2026-01-31', 'ALL', 10, 15, '2026-03-02'),
    (3, 'F', 'm', '2026-01-01', '2026-01-31', 'D1', 10, 15, '2026-03-02');
set local role oic_publish;
create table public_release.assurance_period (
    publication_id bigint, n int, primary key (publication_id, n)
) partition by list (publication_id);
create table generation.public__assurance_period__4 partition of public_release.assurance_period
for values in (4);
alter table public_release.assurance_period enable row level security;
create policy current_publication on public_release.assurance_period
for select using (publication_id = (select public_release.current_publication()));
grant select on public_release.assurance_period to public_reader;
grant references (publication_id) on public_release.assurance_period to public_reader;
"""


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


def test_a_migration_that_was_applied_with_an_earlier_text_counts(
    fresh_warehouse: Settings,
) -> None:
    for number, checksum in EARLIER_TEXTS.items():
        change = "update audit.schema_migration set checksum = %s where number = %s"
        ask(fresh_warehouse, change, checksum, number)
    assert migrate(fresh_warehouse) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "update audit.schema_migration set checksum = 'x' where number = 3",
            r"0003_audit_landing\.sql was changed after",
        ),
        (
            "insert into audit.schema_migration values (9999, '9999_tomorrow.sql', 'x')",
            r"newer than this code: .* ends with 9999_tomorrow",
        ),
    ],
)
def test_a_changed_migration_and_a_newer_warehouse_are_refused(
    fresh_warehouse: Settings, change: str, words: str
) -> None:
    ask(fresh_warehouse, change)
    with pytest.raises((ServerError, VersionError), match=words):
        migrate(fresh_warehouse)


def test_old_tables_of_restatements_get_the_cause_into_their_key(empty_warehouse: Settings) -> None:
    """A detached generation is migrated too, because a roll-back may attach it."""
    migrate_before(empty_warehouse, "_restatement.sql")
    columns = """
        publication_id bigint, force_code text, measure_code text, period_start date,
        org_unit_code text, cause text not null,
        primary key (publication_id, force_code, measure_code, period_start, org_unit_code)
    """
    with administrator(empty_warehouse) as connection:
        connection.execute(
            f"""
            set local role oic_publish;
            create table marts.restatement ({columns}) partition by list (publication_id);
            create table generation.restatement__1 ({columns});
            create table generation.restatement__2 partition of marts.restatement for values in (2);
            """.encode()
        )
    migrate(empty_warehouse)
    with administrator(empty_warehouse) as connection:
        connection.execute(
            "alter table marts.restatement attach partition generation.restatement__1"
            " for values in (1)"
        )
        keys = connection.execute(
            """
            select c.relname, array_length(k.conkey, 1)
            from pg_catalog.pg_constraint as k
            inner join pg_catalog.pg_class as c on c.oid = k.conrelid
            where k.contype = 'p' and c.relname like 'restatement%'
            order by 1
            """
        ).fetchall()
    assert keys == [("restatement", 6), ("restatement__1", 6), ("restatement__2", 6)]


def test_the_last_measurement_of_each_thing_is_kept(empty_warehouse: Settings) -> None:
    """Each container had a name of its own, and did not see the folder of the back-ups."""
    migrate_before(empty_warehouse, "_what_was_measured.sql")
    ask(
        empty_warehouse,
        """
        insert into audit.observation
        select code, 'thing', host, state, '', '', null, now(), now() + make_interval(mins => place)
        from (
            values ('disk', 'c1', 'failed', 1), ('disk', 'c2', 'ok', 2), ('restore', 'c1', 'ok', 1),
                ('drift', 'c1', 'ok', 1), ('drift', 'c3', 'failed', 3)
        ) as given (code, host, state, place)
        """,
    )
    migrate(empty_warehouse)
    query = "select problem_code, host, state from audit.observation order by problem_code"
    assert ask(empty_warehouse, query) == [("disk", "", "ok"), ("drift", "", "failed")]


def test_ranks_roles_and_reasons_of_absence_leave_every_publication(
    empty_warehouse: Settings,
) -> None:
    """No trace of a reason is left, neither in an attached nor in a detached generation."""
    migrate_before(empty_warehouse, "_minimise.sql")
    columns = """
        publication_id bigint, force_code text, officer_version_key text, rank_grade text,
        role_code text, absence_status text, org_unit_code text,
        primary key (publication_id, force_code, officer_version_key)
    """
    with administrator(empty_warehouse) as connection:
        connection.execute(
            f"""
            set local role oic_publish;
            create table marts.dim_officer ({columns}) partition by list (publication_id);
            create table generation.dim_officer__1 ({columns});
            create table generation.dim_officer__2 partition of marts.dim_officer for values in (2);
            insert into generation.dim_officer__1
                values (1, 'F', 'K', 'PC', 'R', 'HERON_LEAVE', 'T1');
            insert into marts.dim_officer values (2, 'F', 'K', 'PC', 'R', 'HERON_LEAVE', 'T1');
            create view marts.on_officers as select rank_grade from marts.dim_officer;
            """.encode()
        )
    migrate(empty_warehouse)
    with administrator(empty_warehouse) as connection:
        connection.execute("set local role oic_publish")
        connection.execute(
            "alter table marts.dim_officer attach partition generation.dim_officer__1"
            " for values in (1)"
        )
        rows = connection.execute("select * from marts.dim_officer order by 1").fetchall()
    assert rows == [(1, "F", "K", "T1"), (2, "F", "K", "T1")]
    database = str(conninfo_to_dict(warehouse_url(empty_warehouse))["dbname"])
    with psycopg.connect(admin_url(empty_warehouse, database), autocommit=True) as superuser:
        superuser.execute("checkpoint")
        for table in ("dim_officer__1", "dim_officer__2"):
            held = superuser.execute(
                "select position('HERON_LEAVE'::bytea in pg_read_binary_file("
                "pg_relation_filepath(%s::regclass)))",
                (f"generation.{table}",),
            ).fetchone()
            assert held == (0,)


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
    # The first migration needs the role of a former login, which a later migration drops.
    with pytest.raises(ServerError, match="may not create roles, and these are missing: public_"):
        migrate(empty_warehouse)
    stranger.execute("create role public_reader")
    try:
        with pytest.raises(ServerError, match=r"0001_roles.sql failed: permission denied to grant"):
            migrate(empty_warehouse)
    finally:
        stranger.execute("drop role public_reader")


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


def roles(settings: Settings) -> Sequence[tuple[bool, ...]]:
    """Return whether the role of the former login may log in. Without the role, return no row."""
    with connect(settings) as conn:
        return conn.execute(
            "select rolcanlogin from pg_roles where rolname = 'public_reader'"
        ).fetchall()


@pytest.fixture
def before(empty_warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A warehouse from before the migration, whose public login has shown figures."""
    migrate_before(empty_warehouse, "_release.sql")
    ask(empty_warehouse, _FIGURES)
    assert roles(empty_warehouse) == [(True,)]
    return empty_warehouse


def test_the_login_is_gone_and_what_it_showed_still_counts(before: Settings) -> None:
    password = before.secrets_dir / "public_reader_password"
    password.write_text("once a password", encoding="utf-8")
    migrate(before)
    assert roles(before) == []
    assert not password.exists()
    with administrator(before) as conn:
        releases = conn.execute(
            "select release_id, publication_id, through from audit.release order by 1"
        ).fetchall()
        figures = conn.execute(
            "select release_id, org_unit_code, numerator from audit.released_figure order by 1, 2"
        ).fetchall()
        shown = conn.execute("select count(*) from public_release.release").fetchone()
        moved = conn.execute(
            "select to_regclass('public_draft.assurance_period') is not null"
        ).fetchone()
        policy = conn.execute(
            "select qual from pg_policies where schemaname = 'public_draft'"
        ).fetchone()
    assert releases == [(1, 3, "login"), (2, 4, "login")]
    assert figures == [(1, "ALL", 10), (1, "D1", 10), (2, "ALL", 20)]
    assert shown == (0,)
    assert moved == (True,)
    assert policy is not None
    assert "public_draft.current_publication()" in policy[0]


def test_a_role_that_another_database_needs_stays_without_a_login(before: Settings) -> None:
    database = str(conninfo_to_dict(warehouse_url(before))["dbname"])
    with psycopg.connect(admin_url(before), autocommit=True) as server:
        # Airflow's database takes the place of another warehouse on the same server.
        server.execute("grant connect on database airflow to public_reader")
        try:
            migrate(before)
            assert roles(before) == [(False,)]
            may = server.execute(
                "select has_database_privilege('public_reader', %s, 'connect')",
                (database,),
            ).fetchone()
            assert may == (False,)
            with psycopg.connect(admin_url(before, database)) as conn:
                for schema in ("public_draft", "public_release", "marts"):
                    right = conn.execute(
                        "select has_schema_privilege('public_reader', %s, 'usage')", (schema,)
                    ).fetchone()
                    assert right == (False,)
        finally:
            server.execute("revoke all on database airflow from public_reader")
            server.execute("drop role public_reader")


def test_the_address_of_the_public_login_says_why_there_is_none(
    fresh_warehouse: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="no login for the public: a release leaves as files"):
        url(fresh_warehouse, "public")
    assert run_command(["db", "url", "public"]) == 2
    assert "assurance release make" in capsys.readouterr().err
