"""The state of version 1.0 is upgraded, its publications are the same, and the next day runs."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from oic_assurance.warehouse.versions import newest_migration
from tests.upgrade.state import NEXT, OFFICE, POINT, SUPERVISOR, State, restore

pytestmark = pytest.mark.slow

_WHY = ("--reason", "a test")


@dataclass
class Story:
    """What was seen on the way: after the upgrade, after the next day, and after a roll-back.

    The state was rolled back to its first publication when it was archived.
    """

    state: State
    #: What readers saw of the publications 1 and 2 when the state was made.
    then: list[dict[str, str]]
    upgraded: dict[str, str]
    rolled_back: dict[str, str]
    shown: dict[str, Any]


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    """Restore the state, run the next day, and roll back to the second publication."""
    with tempfile.TemporaryDirectory(prefix="assurance-state-") as name:
        # The server runs as another account if root starts it.
        Path(name).chmod(0o755)
        state, seen = restore(Path(name))
        try:
            upgraded = state.seen(seen["columns"])
            state.run("run", "--as-at", NEXT)
            shown = state.shown("publication", "list")
            state.run("publication", "rollback", "2", *_WHY)
            rolled_back = state.seen(seen["columns"])
            yield Story(state, seen["publications"], upgraded, rolled_back, shown)
        finally:
            state.run("db", "stop")


def _ask(state: State, query: str) -> list[tuple[Any, ...]]:
    with state.administrator() as session:
        return session.execute(query.encode()).fetchall()


def test_the_warehouse_has_every_migration(story: Story) -> None:
    newest = "select name from audit.schema_migration order by number desc limit 1"
    assert _ask(story.state, newest) == [(newest_migration().name,)]


def test_readers_see_the_same_figures_after_the_upgrade(story: Story) -> None:
    assert len(story.upgraded) > 20
    assert story.upgraded == story.then[0]


def test_the_next_day_is_published_and_shown(story: Story) -> None:
    listed = [(one["publication_id"], one["is_current"]) for one in story.shown["publications"]]
    assert listed == [(3, True), (2, False), (1, False)]


def test_a_roll_back_reaches_an_archived_publication_with_its_figures(story: Story) -> None:
    assert story.rolled_back == story.then[1]
    assert story.then[0] != story.then[1]


def test_what_people_did_is_kept(story: Story) -> None:
    steps = _ask(
        story.state, f"select step from signoff.entry where recommendation_code = '{POINT}'"
    )
    assert steps == [("STEPS_AGREED",)]
    assert _ask(story.state, "select publication_id from public_release.release") == [(1,)]
    logins = story.state.shown("access", "list")
    assert {SUPERVISOR, OFFICE} <= {one["login"] for one in logins["logins"]}


def test_limited_readers_read_the_current_publication(story: Story) -> None:
    with story.state.administrator() as session:
        for login in (SUPERVISOR, OFFICE):
            session.execute(f"set session authorization {login}".encode())
            read = "select distinct publication_id from limited.assurance_measure"
            assert session.execute(read).fetchall() == [(2,)], login
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute("select from marts.assurance_measure")
            session.execute("reset session authorization")
