"""The migration that removes the public's login keeps the figures that the login could once see."""

from collections.abc import Sequence

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.cli.main import run_command
from oic_assurance.errors import UsageError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import admin_url, connect, url, warehouse_url
from oic_assurance.warehouse.migrate import migrate
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
