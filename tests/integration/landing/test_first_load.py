"""The first load writes the same rows into raw as a later landing.

The first load also stores the sum of keys, from which the next landing finds out whether keys have
vanished. A raw table that looks empty can be about to get rows of another force.
"""

import dataclasses
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg.sql import Composed

from oic_assurance.builds.record import open_build
from oic_assurance.landing.land import land_dataset, landing_session, lock_and_prepare
from oic_assurance.landing.raw_tables import MANY_ROWS, bulk_fill
from oic_assurance.sources.databases.postgres import PostgresTable
from oic_assurance.sources.declarations.load import dataset
from tests.integration.asking import ask
from tests.integration.landing.support import CUSTODY, World, at, officers, put, put_many

MANY = 25_000
ODD_TEXTS = ["x", "ü\u2028€", "a\tb\\n", "'; drop", "\u00e9", "Ω" * 500, "0", "\\N", '"']

pytestmark = pytest.mark.usefixtures("empty_sources")


COMPLETION = dataset("lms/completions")
OF_ANOTHER_FORCE = """
    insert into raw_general.completion
        (force_code, batch_id, row_key, version_at, landed_at, is_tombstone)
    values ('E23000099', 1, 'key', now(), now(), false)
"""


LATER = datetime(2026, 6, 1, tzinfo=UTC)


def fill(world: World) -> None:
    for key, text in enumerate(ODD_TEXTS, start=1):
        released = at(key) if key % 2 else None
        put(world, key, at(key / 7), text, occurrence_ref=text, released_at=released)
    put(world, 90, at(1), "\N{NO-BREAK SPACE}")
    put(world, 91, at(1), "C1", occurrence_ref="  ")


def landed(world: World) -> list[tuple[Any, ...]]:
    return world.query(
        "select row_key, version_at, row_fingerprint, is_tombstone, arresting_officer_no,"
        " occurrence_ref, released_at, deleted_at, force_code"
        " from raw_law_enforcement.custody_record where custody_id < 1000 order by 1"
    )


def test_first_load_and_usual_path_give_the_same_raw(world: World, tmp_path: Path) -> None:
    fill(world)
    world.land(CUSTODY)
    straight = landed(world)
    assert len(world.batches(CUSTODY)) == 2
    world.forget()
    # Land one record first, so that the next landing is not a first load.
    world.rms("update rms.custody_record set custody_id = custody_id + 2000")
    put(world, 1001, at(0))
    world.land(CUSTODY)
    world.rms(
        "update rms.custody_record set custody_id = custody_id - 2000 where custody_id > 2000"
    )
    world.land(CUSTODY)
    assert landed(world) == straight
    assert len(straight) == len(ODD_TEXTS) + 1


def test_a_text_that_begins_with_a_blank_is_checked(world: World) -> None:
    fill(world)
    world.land(CUSTODY)
    assert world.reasons(CUSTODY) == [(1, "90", ["arresting_officer_no is missing"])]
    assert world.query(
        "select occurrence_ref from raw_law_enforcement.custody_record where custody_id = 91"
    ) == [(None,)]


def test_a_source_with_narrower_types_gives_the_same_raw(world: World) -> None:
    put(world, 7, at(0))
    world.land(CUSTODY)
    before = landed(world)
    world.forget()
    world.rms(
        "alter table rms.custody_record alter custody_id type int,"
        " alter arresting_officer_no type varchar(20), alter detained_at type timestamptz(3)"
    )
    try:
        world.land(CUSTODY)
        assert landed(world) == before
        put(world, 7, at(1), "C2")
        assert world.land(CUSTODY).rows_landed == 1
    finally:
        world.rms(
            "alter table rms.custody_record alter custody_id type bigint,"
            " alter arresting_officer_no type text, alter detained_at type timestamptz"
        )


def test_without_a_change_no_row_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(world)
    world.land(CUSTODY)
    read: list[Composed] = []
    real = PostgresTable.stream

    def stream(self: PostgresTable, query: Composed) -> Iterator[bytes]:
        read.append(query)
        return real(self, query)

    monkeypatch.setattr(PostgresTable, "stream", stream)
    assert world.land(CUSTODY).batches == 0
    assert read == []
    put(world, 3, at(200), "C3")
    assert world.land(CUSTODY).rows_landed == 1
    # Only the query for changed rows was sent. The stored sum of keys was right, so the query for
    # keys was not needed.
    assert len(read) == 1


def test_after_a_change_of_the_declaration_all_rows_are_read(world: World) -> None:
    put(world, 1, at(0))
    put(world, 2, at(600))
    world.land(CUSTODY)
    # Change record 1 without a new cursor value, as if the changed column were newly declared. Its
    # cursor value is long before the highest one, so it is only read if all rows are read.
    world.rms("update rms.custody_record set arresting_officer_no = 'C9' where custody_id = 1")
    assert world.land(CUSTODY).rows_landed == 0
    ask(world.settings, "update audit.source_cursor set declaration = 'another'")
    assert world.land(CUSTODY).rows_landed == 1
    assert officers(world) == {"1": "C9", "2": "C1"}
    assert world.land(CUSTODY).batches == 0


def indexes(world: World) -> list[tuple[Any, ...]]:
    return world.query(
        "select indexname from pg_indexes where tablename = 'custody_record'"
        " and schemaname = 'raw_law_enforcement' order by 1"
    )


def test_a_large_first_load_creates_the_indexes_again(world: World) -> None:
    put(world, MANY + 1, at(0), " ")
    before = indexes(world)
    put_many(world, 1, MANY)
    assert world.land(CUSTODY).rows_landed == MANY
    assert indexes(world) == before
    assert len(before) == 2


def test_a_large_first_load_keeps_the_rows_of_another_force(world: World) -> None:
    put(world, 1, at(0))
    land_dataset(dataclasses.replace(world.settings, force_code="E23000011"), CUSTODY, "another")
    put_many(world, 2, MANY)
    assert world.land(CUSTODY).rows_landed == MANY
    assert world.query(
        "select force_code, count(*) from raw_law_enforcement.custody_record group by 1 order by 1"
    ) == [("E23000011", 1), (world.settings.force_code, MANY)]


def test_a_bulk_fill_keeps_rows_that_are_being_committed(world: World) -> None:
    with landing_session(world.settings) as connection:
        lock_and_prepare(connection, world.settings, COMPLETION)

    def fill() -> bool:
        with (
            landing_session(world.settings) as connection,
            connection.transaction(),
            bulk_fill(connection, COMPLETION, COMPLETION.tables[0], MANY_ROWS) as is_empty,
        ):
            return is_empty

    with ThreadPoolExecutor(1) as pool:
        with world.as_owner() as other:
            other.execute(OF_ANOTHER_FORCE)
            filled = pool.submit(fill)
            deadline = time.monotonic() + 30
            while not world.one("select exists (select from pg_locks where not granted)"):
                assert time.monotonic() < deadline
                time.sleep(0.01)
        assert filled.result() is False
    assert world.one("select count(*) from raw_general.completion") == 1


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
