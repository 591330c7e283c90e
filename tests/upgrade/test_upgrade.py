"""The state of a release migrates and publishes with today's code, and no reader is disturbed.

The tests of this file are one story, in the order of the file: before the upgrade, `db start`, the
first run, and what was published before.
"""

import json
import sys
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.cluster import password_name
from oic_assurance.warehouse.connections import admin_url
from oic_assurance.warehouse.secrets import secret
from oic_assurance.warehouse.versions import migration_files, package_version
from tests.upgrade.readers import Crowd, Login, reading
from tests.upgrade.state import Done, Released, columns_of_marts, marts_as_seen

pytestmark = pytest.mark.slow

SUPERVISOR = "supervisor_of_the_test"
#: The longest that a statement of a reader may take during the migration. A migration that has to
#: change a table holds new readers up for 300 ms at most; the rest is for a busy machine.
LONGEST_SECONDS = 5.0
#: The tables that readers see, whichever publication is current.
_OF_ALL = ("publication", "position_as_published")


@dataclass
class Story:
    """What was seen on the way."""

    state: Released
    columns: dict[str, list[str]]
    before: dict[str, str]
    migrated: Done
    after: dict[str, str]
    ran: Done
    during_migration: Crowd
    crowd: Crowd


@pytest.fixture(scope="module")
def story(state: Released) -> Story:
    """The upgrade: `db start` and the next daily run, while readers read."""
    with state.administrator() as session:
        session.execute("set role bi_reader")
        columns = columns_of_marts(session)
    before = marts_as_seen(state, columns)
    logins = _logins(state)
    with reading(logins) as during_migration:
        migrated = state.assurance("db", "start")
    after = marts_as_seen(state, columns)
    with reading(logins) as crowd:
        ran = state.assurance("run", "--as-at", state.facts["next_as_at"])
    # pytest shows it with -s: what readers felt of the upgrade.
    sys.stderr.write(f"migration: {during_migration.line()}\nrun: {crowd.line()}\n")
    return Story(state, columns, before, migrated, after, ran, during_migration, crowd)


def _logins(state: Released) -> list[tuple[Login, list[str]]]:
    """Return readers of both kinds of rights, and of both kinds of transactions."""
    settings = state.settings
    passwords = {
        "bi_reader": secret(settings, password_name("bi_reader")),
        SUPERVISOR: secret(settings, password_name(SUPERVISOR)),
    }
    with state.administrator() as session:
        session.execute(f"create role {SUPERVISOR} login connection limit 4".encode())
        units = session.execute(
            "select rolname from pg_roles where starts_with(rolname, 'oic_unit_')"
        ).fetchall()
        for role in ("supervisor_reader", *(name for (name,) in units)):
            session.execute(f'grant "{role}" to {SUPERVISOR}'.encode())
        for login, password in passwords.items():
            session.execute(f"alter role {login} password '{password}'".encode())
    place = {k: str(v) for k, v in conninfo_to_dict(admin_url(settings, "warehouse")).items()}
    found = []
    for login, schema in (("bi_reader", "marts"), (SUPERVISOR, "limited")):
        uri = libpq_uri({**place, "user": login, "password": passwords[login]})
        tables = _tables_with_rows(uri, schema)
        assert len(tables) > 10
        found += [(Login(uri, schema, one), tables) for one in (True, False)]
    return found


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
    # Each migration notes itself, from the one that makes the record on. The run has started the
    # server again, and that is no change.
    since = [name for name in migration_files() if name >= "0049"]
    assert noted == [(package_version(), name) for name in since]


def test_the_current_publication_reads_the_same_after_the_migrations(story: Story) -> None:
    assert len(story.before) > 20
    assert story.after == story.before


def test_todays_code_publishes_the_next_day(story: Story) -> None:
    assert story.ran.code == 0, story.ran.errors
    shown = _asked(story.state, "publication", "list")["publications"]
    old = story.state.facts["publications"]["publications"]
    assert len(shown) == len(old) + 1
    assert shown[0]["is_current"]
    for now, then in zip(shown[1:], old, strict=True):
        same = ("publication_id", "as_at", "published_at", "gate_verdict")
        assert {key: now[key] for key in same} == {key: then[key] for key in same}


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


def test_status_shows_the_new_publication(story: Story) -> None:
    shown = _asked(story.state, "status")
    assert shown["publication"]["publication_id"] == max(story.crowd.publications)


def test_a_roll_back_shows_an_old_publication_as_it_was(story: Story) -> None:
    """It is last but one, because it changes what readers see."""
    old = story.state.facts["publications"]["publications"][0]["publication_id"]
    done = story.state.assurance("publication", "rollback", str(old), "--reason", "a test")
    assert done.code == 0, done.errors
    seen = marts_as_seen(story.state, story.columns)
    # The list of publications, and the positions of all of them, have become longer.
    assert {k: v for k, v in seen.items() if k not in _OF_ALL} == {
        k: v for k, v in story.before.items() if k not in _OF_ALL
    }


def test_an_old_publication_is_computed_again_or_the_reason_is_named(story: Story) -> None:
    old = story.state.facts["publications"]["publications"][0]["publication_id"]
    done = story.state.assurance("publication", "reproduce", str(old))
    assert done.code in (0, 1), done.errors
    if done.code == 1:
        assert "have changed" in done.output, done.output


def _asked(state: Released, *arguments: str) -> dict[str, Any]:
    done = state.assurance(*arguments, "--json")
    assert done.code == 0, done.errors
    shown: dict[str, Any] = json.loads(done.output)
    return shown
