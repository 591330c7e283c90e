"""Real states of earlier versions migrate and publish with today's code, and all readers read.

The tests of this file are one story for each state, in the order of the file: a refused upgrade,
`db start`, the first run, and what was published before.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.reporting.dashboards.datasets import datasets
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.connections import admin_url
from oic_assurance.warehouse.versions import migration_files, package_version
from tests.upgrade.readers import Crowd, Login, reading
from tests.upgrade.real import (
    OFFICE,
    POINT,
    PROJECT,
    SUPERVISOR,
    Done,
    Real,
    columns_of_marts,
    commits,
    marts_as_seen,
    real_state,
)

pytestmark = pytest.mark.slow

#: The longest that a statement of a reader may take during the migration. A migration that has to
#: change a table holds new readers up for a second or two; the rest is for a busy machine.
LONGEST_SECONDS = 10.0
#: The tables that readers see, whichever publication is current.
_OF_ALL = ("publication", "position_as_published", "sign_off")
#: Columns that a migration has removed from every publication, because they tell who somebody is.
_REMOVED = {"dim_officer": {"rank_grade", "role_code", "absence_status"}}
#: This migration also rewrites the table, so that no value is left in its file. A transaction that
#: began before finds the table empty afterwards (docs/upgrade.md).
_REWRITES = "0035_minimise.sql"
_WHY = ("--reason", "a test")
_QUARANTINE = "select dataset, status, count(*) from audit.rejected_row group by 1, 2 order by 1, 2"


@dataclass
class Story:
    """What was seen on the way."""

    state: Real
    columns: dict[str, list[str]]
    was_pending: bool
    refused: Done
    ran_then: Done
    rows_before: list[tuple[object, ...]]
    before: dict[str, str]
    migrated: Done
    rows_after: list[tuple[object, ...]]
    after: dict[str, str]
    limited_tables: dict[str, list[str]]
    ran: Done
    released: Done
    during_migration: Crowd
    crowd: Crowd


@pytest.fixture(scope="module", params=commits().items(), ids=lambda item: item[0][:8])
def story(request: pytest.FixtureRequest) -> Iterator[Story]:
    """The upgrade: `db start` and the next daily run, while readers read."""
    with real_state(request.param[0]) as state:
        yield _upgraded(state)


def _upgraded(state: Real) -> Story:
    with state.administrator() as session:
        newest = session.execute("select max(name) from audit.schema_migration").fetchone()
        assert newest is not None
        session.execute(
            "create schema analyst;"
            "create view analyst.mine as select * from staging_general.stg_audit__build"
        )
    refused = state.assurance("db", "start")
    ran_then = state.then("run")
    rolled_back = state.then("publication", "rollback", "1", *_WHY)
    assert rolled_back.code == 0, rolled_back.errors
    with state.administrator() as session:
        session.execute("drop schema analyst cascade")
        rows_before = session.execute(_QUARANTINE).fetchall()
        for login in ("bi_reader", SUPERVISOR, OFFICE):
            session.execute(f"alter role {login} password '{login}'".encode())
        session.execute("set role bi_reader")
        columns = {
            mart: [name for name in names if name not in _REMOVED.get(mart, ())]
            for mart, names in columns_of_marts(session).items()
        }
    before = marts_as_seen(state, columns)
    everybody = _readers(state, "bi_reader", "marts")
    rewritten = _REMOVED if newest < (_REWRITES,) else {}
    unchanged = [
        (login, [mart for mart in marts if mart not in rewritten]) for login, marts in everybody
    ]
    with reading(unchanged) as during_migration:
        migrated = state.assurance("db", "start")
    with state.administrator() as session:
        rows_after = session.execute(_QUARANTINE).fetchall()
        # The upgrade has set the password of this deployment.
        session.execute("alter role bi_reader password 'bi_reader'")
    after = marts_as_seen(state, columns)
    limited = {login: _readers(state, login, "limited") for login in (SUPERVISOR, OFFICE)}
    with reading([*everybody, limited[SUPERVISOR][0], limited[OFFICE][0]]) as crowd:
        ran = state.assurance("run")
        released = state.assurance("publication", "release", *_WHY)
    # pytest shows it with -s: what readers felt of the upgrade.
    sys.stderr.write(f"migration: {during_migration.line()}\nrun: {crowd.line()}\n")
    return Story(
        state=state,
        columns=columns,
        was_pending=newest != (migration_files()[-1],),
        refused=refused,
        ran_then=ran_then,
        rows_before=rows_before,
        before=before,
        migrated=migrated,
        rows_after=rows_after,
        after=after,
        limited_tables={login: found[0][1] for login, found in limited.items()},
        ran=ran,
        released=released,
        during_migration=during_migration,
        crowd=crowd,
    )


def _readers(state: Real, login: str, schema: str) -> list[tuple[Login, list[str]]]:
    """Return two readers with this login, one for each kind of transaction."""
    place = {k: str(v) for k, v in conninfo_to_dict(admin_url(state.settings, "warehouse")).items()}
    uri = libpq_uri({**place, "user": login, "password": login})
    tables = _tables_with_rows(uri, schema)
    return [(Login(uri, schema, one), tables) for one in (True, False)]


def _tables_with_rows(uri: str, schema: str) -> list[str]:
    with psycopg.connect(uri) as connection:
        names = connection.execute(
            """
            select c.relname::text
            from pg_catalog.pg_class as c
            inner join pg_catalog.pg_attribute as a
                on c.oid = a.attrelid and a.attname = 'publication_id'
            where c.relnamespace = %s::regnamespace and c.relkind in ('p', 'r', 'v')
                and not c.relname = any (%s) and has_table_privilege(c.oid, 'SELECT')
            order by c.relname
            """,
            (schema, list(_OF_ALL)),
        ).fetchall()
        return [
            name
            for (name,) in names
            if connection.execute(f"select from {schema}.{name} limit 1".encode()).fetchone()
            is not None
        ]


def test_an_upgrade_that_is_refused_changes_nothing_and_the_old_code_runs_on(story: Story) -> None:
    if story.was_pending:
        assert story.refused.code == 1
        assert "view analyst.mine depends on view" in story.refused.errors
    assert story.ran_then.code == 0, story.ran_then.errors


def test_db_start_applies_the_migrations_that_are_missing(story: Story) -> None:
    assert story.migrated.code == 0, story.migrated.errors
    with story.state.administrator() as session:
        applied = session.execute(
            "select name from audit.schema_migration order by number"
        ).fetchall()
        noted = session.execute(
            "select version, newest_migration from audit.upgrade order by upgrade_id"
        ).fetchall()
    assert [name for (name,) in applied] == list(migration_files())
    assert noted[-1] == (package_version(), migration_files()[-1])


def test_the_current_publication_reads_the_same_after_the_migrations(story: Story) -> None:
    assert len(story.before) > 20
    # A step of a sign-off after a publication is seen at once now, and was not in earlier versions.
    assert {k: v for k, v in story.after.items() if k != "sign_off"} == {
        k: v for k, v in story.before.items() if k != "sign_off"
    }
    assert story.rows_after == story.rows_before != []


def test_limited_readers_read_it_too(story: Story) -> None:
    assert {"assurance_position", "dim_officer"} <= set(story.limited_tables[SUPERVISOR])
    assert "assurance_position" in story.limited_tables[OFFICE]
    assert "dim_officer" not in story.limited_tables[OFFICE]


def test_todays_code_publishes(story: Story) -> None:
    assert story.ran.code == 0, story.ran.output + story.ran.errors
    assert story.released.code == 0, story.released.errors
    shown = story.state.asked("publication", "list")["publications"]
    assert [one["publication_id"] for one in shown][1:] == [2, 1]
    assert [one["is_current"] for one in shown] == [True, False, False]


def test_no_reader_meets_an_error_an_empty_table_or_two_publications_at_once(story: Story) -> None:
    assert story.during_migration.faults == story.crowd.faults == []
    assert len(story.crowd.publications) == 2
    # A run lets readers use only the processor time that nobody else wants (decision 0025), so on a
    # busy machine no limit holds during the run.
    assert story.during_migration.seconds[-1] < LONGEST_SECONDS, story.during_migration.line()


def test_what_was_landed_before_agrees_with_the_archive(story: Story) -> None:
    done = story.state.assurance("batch", "verify")
    assert done.code == 0, done.output + done.errors


def test_the_log_of_processing_is_still_one_chain(story: Story) -> None:
    done = story.state.assurance("audit", "verify")
    assert done.code == 0, done.output + done.errors


def test_a_sign_off_is_as_far_as_it_was(story: Story) -> None:
    had_sign_off = story.state.then("signoff", "--help").code == 0
    shown = json.dumps(story.state.asked("signoff", "show", POINT))
    assert ("a state of a test" in shown) == had_sign_off


def test_the_comparison_over_the_upgrade_is_explained(story: Story) -> None:
    newest = str(max(story.crowd.publications))
    done = story.state.assurance("publication", "compare", "1", newest, "--all-units")
    assert done.code == 0, done.output + done.errors


def test_status_shows_the_new_publication(story: Story) -> None:
    shown = story.state.asked("status")
    assert shown["publication"]["publication_id"] == max(story.crowd.publications)


def test_an_old_publication_is_computed_again_or_the_reason_is_named(story: Story) -> None:
    done = story.state.assurance("publication", "reproduce", "1")
    assert done.code in (0, 1), done.errors
    if done.code == 1:
        assert "have changed" in done.output, done.output


def test_a_roll_back_shows_an_old_publication_as_it_was(story: Story) -> None:
    """It changes what readers see, so only the tests of an old publication come after it."""
    done = story.state.assurance("publication", "rollback", "1", *_WHY)
    assert done.code == 0, done.errors
    seen = marts_as_seen(story.state, story.columns)
    # The list of publications, and the positions of all of them, have become longer.
    assert {k: v for k, v in seen.items() if k not in _OF_ALL} == {
        k: v for k, v in story.before.items() if k not in _OF_ALL
    }


def test_the_tables_that_the_old_publication_does_not_have_are_named(story: Story) -> None:
    with story.state.administrator() as session:
        marts = session.execute(
            "select relname::text from pg_catalog.pg_class"
            " where relnamespace = 'marts'::regnamespace and relkind = 'p'"
        ).fetchall()
    lacks = sorted({name for (name,) in marts} - {*story.columns})
    problems = story.state.asked("status")["problems"]
    told = [one["what"] for one in problems if one["problem_code"] == "older"]
    assert [one.partition(": ")[2] for one in told] == ([", ".join(lacks)] if lacks else [])
    assert "tables" not in [one["problem_code"] for one in problems]


def test_the_pack_in_the_folder_is_that_of_the_old_publication(story: Story) -> None:
    page = story.state.settings.home / "reports" / "pack" / "assurance-pack.html"
    assert 'data-publication="1"' in page.read_text(encoding="utf-8")
    for kind in ("make", "bundle", "workbook"):
        done = story.state.assurance("pack", kind)
        assert done.code == 0, done.output + done.errors


def test_every_dataset_of_the_dashboards_can_be_read(story: Story) -> None:
    shown = datasets(PROJECT)
    with story.state.administrator() as session:
        session.execute("set role bi_reader")
        rows = {name: session.execute(one.sql.encode()).fetchall() for name, one in shown.items()}
    for name in ("headline", "card", "answer", "shown"):
        assert rows[name], name
