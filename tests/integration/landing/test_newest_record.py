"""The newest record of a database is a moment in its records, as at the moment of the build."""

from datetime import UTC, datetime

import pytest

from oic_assurance.builds.record import open_build
from tests.integration.landing.changed_databases import CUSTODY, at, put
from tests.integration.landing.support import World

pytestmark = pytest.mark.usefixtures("empty_sources")
LATER = datetime(2026, 6, 1, tzinfo=UTC)


def newest(world: World, as_at: datetime, known_at: datetime | None = None) -> datetime | None:
    build = open_build(world.settings, "a run", as_at, "reproduce", known_at)
    found = world.query(
        "select newest_at from audit.newest_record where build_id = %s and dataset = %s",
        build.build_id, CUSTODY,
    )  # fmt: skip
    return found[0][0] if found else None


def test_it_is_the_newest_change_up_to_the_moment_whatever_was_landed_when(world: World) -> None:
    world.land(CUSTODY)
    assert newest(world, LATER) is None
    for key in (1, 2):
        put(world, key, at(key))
    world.land(CUSTODY)
    before_more = datetime.now(UTC)
    put(world, 3, at(300))
    put(world, 1, at(200))
    world.land(CUSTODY)
    # A row that was committed late has an earlier moment than what was landed before.
    put(world, 4, at(295))
    world.land(CUSTODY)
    assert newest(world, LATER) == at(300)
    assert newest(world, at(299)) == at(295)
    assert newest(world, at(250)) == at(200)
    assert newest(world, at(150)) == at(2)
    assert newest(world, at(0)) is None
    assert newest(world, LATER, known_at=before_more) == at(2)


def test_an_extraction_that_brings_nothing_is_no_newer_record(world: World) -> None:
    put(world, 1, at(1))
    world.land(CUSTODY)
    put(world, 2, LATER.replace(year=2126))
    world.land(CUSTODY)
    world.land(CUSTODY)
    assert newest(world, LATER) == at(1)
    assert newest(world, datetime.now(UTC)) == at(1)
