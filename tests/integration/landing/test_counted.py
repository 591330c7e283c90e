"""Landing need not compute the sum of keys if the source's change counts agree with the extract.

PostgreSQL counts the inserts, updates and deletes in a table. The sum of keys is a digest over all
keys of the source table, which is slow to compute for a large table. If the counts agree with the
changes that landing has read, nothing else has changed in the source, and the sum is not needed.
"""

import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from oic_assurance.landing import source_state
from oic_assurance.settings import Settings, load_settings
from oic_assurance.sources.databases import change_counts
from oic_assurance.sources.databases.postgres import PostgresTable
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.declarations.model import DatabasePlace
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.cluster import data_dir
from oic_assurance.warehouse.connections import admin_url, connect_source
from oic_assurance.warehouse.process import find_postmaster
from simulator.source_systems import create_sources
from tests.integration.landing.support import (
    CUSTODY,
    REPORTS,
    World,
    at,
    officers,
    put,
    put_report,
)


@pytest.fixture
def world(world: World, empty_sources: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world with three landed records.

    The threshold is changed, so that landing uses change counts for every table, even a small
    table.
    """
    monkeypatch.setattr(change_counts, "MANY_ROWS", -1)
    for key in (1, 2, 3):
        put(world, key, at(key))
    world.land(CUSTODY)
    return world


@pytest.fixture
def sums(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that gets an entry each time the sum of keys is computed."""
    taken: list[str] = []
    real = PostgresTable._sum

    def watched(self: PostgresTable) -> object:
        taken.append("added up")
        return real(self)

    monkeypatch.setattr(PostgresTable, "_sum", watched)
    return taken


def change(world: World, key: int, updated: object, officer: str) -> None:
    """Change a record in place: `put` would delete it and insert it again, which is counted."""
    world.rms(
        "update rms.custody_record set arresting_officer_no = %s, updated_at = %s"
        " where custody_id = %s",
        officer, updated, key,
    )  # fmt: skip


def test_nothing_changed_or_single_changes_read_no_keys_and_are_stored(
    world: World, sums: list[str]
) -> None:
    assert world.land(CUSTODY).batches == 0
    for step in (1, 2):
        change(world, 1, at(60 * step), f"C{step}")
        put(world, 10 + step, at(60 * step))
        assert world.land(CUSTODY).rows_landed == 2
    assert sums == []
    # Landing has calculated the new sum of keys from the changes. The next landing is forced to
    # compute the sum in the source. Both sums are equal, so the next landing reads no rows.
    world.execute("update audit.source_cursor set reconciled_at = null")
    assert world.land(CUSTODY).batches == 0
    assert sums == ["added up"]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("delete from rms.custody_record where custody_id = 2", {"1": "C1", "3": "C1"}),
        (
            "update rms.custody_record set custody_id = 4, updated_at = now() where custody_id = 2",
            {"1": "C1", "3": "C1", "4": "C1"},
        ),
        (
            "update rms.custody_record set arresting_officer_no = 'C5',"
            " updated_at = updated_at - interval '1 day' where custody_id = 2",
            {"1": "C1", "2": "C5", "3": "C1"},
        ),
        (
            "insert into rms.custody_record (custody_id, arresting_officer_no, detained_at,"
            " detention_reason_code, created_at, updated_at)"
            " values (4, 'C5', now(), 'OTHER', now(), '2020-01-01')",
            {"1": "C1", "2": "C1", "3": "C1", "4": "C5"},
        ),
        (
            "create temporary table kept as table rms.custody_record;"
            " truncate rms.custody_record;"
            " insert into rms.custody_record select * from kept where custody_id = 2;"
            " drop table kept",
            {"2": "C1"},
        ),
    ],
    ids=["hard delete", "other key", "clock far behind", "committed late", "filled again"],
)
def test_changes_that_the_cursor_misses_are_found(
    world: World, sums: list[str], what: str, expected: dict[str, str]
) -> None:
    world.rms(what)
    world.land(CUSTODY)
    assert officers(world) == expected
    assert sums == ["added up"]


def test_a_record_that_changed_twice_is_landed_once(world: World, sums: list[str]) -> None:
    change(world, 1, at(60), "C2")
    change(world, 1, at(61), "C3")
    assert world.land(CUSTODY).rows_landed == 1
    assert sums == ["added up"]
    assert officers(world)["1"] == "C3"


def test_a_deleted_record_is_found_after_a_failed_change(world: World, sums: list[str]) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        world.rms(
            "with deleted as (delete from rms.custody_record where custody_id = 3 returning 1)"
            " select 1 / (count(*) - 1) from deleted"
        )
    world.rms("delete from rms.custody_record where custody_id = 2")
    world.land(CUSTODY)
    assert officers(world) == {"1": "C1", "3": "C1"}
    assert sums == ["added up"]


def test_the_sum_of_the_keys_is_computed_again_after_some_days(
    world: World, sums: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_state, "RELIED_ON_FOR", timedelta(0))
    world.land(CUSTODY)
    assert sums == ["added up"]


def test_counts_that_were_reset_are_not_used(world: World, sums: list[str]) -> None:
    world.rms("delete from rms.custody_record where custody_id = 2")
    with psycopg.connect(admin_url(world.settings, "rms"), autocommit=True) as connection:
        connection.execute("select pg_stat_reset()")
    world.land(CUSTODY)
    assert officers(world) == {"1": "C1", "3": "C1"}


def test_a_marking_that_becomes_too_high_is_noticed(world: World, sums: list[str]) -> None:
    put_report(world, 1, at(0))
    world.land(REPORTS)
    world.intelligence(
        "update intel.report set protective_marking = 'SECRET', updated_at = %s", at(60)
    )
    assert world.land(REPORTS).rows_rejected == 1
    assert world.reasons(REPORTS)[0][1] == "1"


@pytest.fixture
def own_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings for a separate server, which the test kills."""
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path / "own"))
    settings = load_settings()
    yield settings
    embedded.stop(settings)


def test_a_crash_resets_the_change_counts(
    own_server: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash of the server loses change counts that were not yet written to disk.

    Counts from before the crash must then not be compared with counts from after it.
    """
    monkeypatch.setattr(change_counts, "MANY_ROWS", -1)
    embedded.start(own_server)
    create_sources(own_server)
    place = dataset("rms/occurrence").place
    assert isinstance(place, DatabasePlace)

    def counts() -> change_counts.ChangeCounts | None:
        with connect_source(own_server, "rms") as source:
            return change_counts.read_change_counts(source, place)

    before = counts()
    assert before is not None
    assert before.since(counts()) == (0, 0, 0)
    postmaster = find_postmaster(data_dir(own_server))
    assert postmaster is not None
    os.kill(postmaster.pid, signal.SIGQUIT)
    end = time.monotonic() + 30
    while find_postmaster(data_dir(own_server)) is not None and time.monotonic() < end:
        time.sleep(0.02)
    embedded.start(own_server)
    after = counts()
    assert after is not None
    assert after.since(before) is None
