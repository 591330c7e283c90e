"""What a replay has landed is proven like any delivery, and an erasure reaches it."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.operations.erase.erase import erase
from oic_assurance.operations.erase.search import Request
from oic_assurance.operations.verify.verify import verify
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset
from tests.integration.landing.changed_databases import CUSTODY, at, put
from tests.integration.landing.support import World, completion, person, warehouse_of_its_own
from tests.integration.operations.replay_support import Row, again, correct

PEOPLE = "hr/personnel"
COMPLETIONS = "lms/completions"


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[Settings]:
    with warehouse_of_its_own() as settings:
        yield settings


@pytest.fixture
def world(warehouse: Settings, tmp_path: Path) -> Iterator[World]:
    world = World(warehouse, tmp_path)
    world.empty_sources()
    yield world
    world.close()


def mended(row: Row) -> Row:
    return row | {"employment_type": "OFFICER", "start_date": "01/02/2020"}


def replayed(world: World) -> None:
    """Land two lists in which somebody is broken, mend the first, and break another again."""
    broken = person("000007").replace("OFFICER", "WIZARD")
    other = person("000008").replace("OFFICER", "WIZARD")
    world.personnel("20260101", "000001", broken, other)
    world.personnel("20260103", "000001", "000007")
    world.land(PEOPLE)
    report = correct(
        world, PEOPLE, lambda row: mended(row) if row["employee_no"] == "000007" else row
    )
    assert (report.landed, len(report.still_rejected)) == (1, 1)


def disagreements(world: World, name: str) -> list[str]:
    [proof] = verify(world.settings, name)
    assert proof.not_compared == []
    return [str(one) for one in proof.disagreements]


def test_a_replay_of_a_list_is_proven(world: World) -> None:
    replayed(world)
    assert disagreements(world, PEOPLE) == []
    with world.as_owner() as owner:
        owner.execute(
            "update raw_general.personnel set org_unit_code = 'X' where batch_id ="
            " (select batch_id from audit.batch where kind = 'replay') and row_number is not null"
        )
    [said] = disagreements(world, PEOPLE)
    assert "row 2, key 000007: raw and the kept batch differ in org_unit_code" in said


def test_a_replay_of_changes_is_proven(world: World) -> None:
    world.completions("20260101", completion("000001"), completion("000002", at="31/02/2025 10:00"))
    world.completions("20260105", completion("000001"))
    world.land(COMPLETIONS)
    correct(world, COMPLETIONS, lambda row: row | {"completed_at": "2025-06-02 10:00"})
    assert disagreements(world, COMPLETIONS) == []


def test_a_replay_of_a_database_is_proven(world: World) -> None:
    put(world, 1, at(0))
    put(world, 2, at(1), " ")
    world.land(CUSTODY)
    assert again(world, CUSTODY).landed == 0
    correct(world, CUSTODY, lambda row: row | {"arresting_officer_no": "C2"})
    assert disagreements(world, CUSTODY) == []


def test_an_erasure_reaches_what_was_replayed(world: World) -> None:
    replayed(world)
    declared = dataset(PEOPLE)
    for key in ("000007", "000008"):
        request = Request(declared, declared.tables[0], (key,), "asked for")
        erase(world.settings, request, dry_run=False)
        kept = [path.read_bytes() for path in (world.settings.home / "batches").rglob("*.gz")]
        assert not any(key.encode() in gzip.decompress(content) for content in kept)
        assert disagreements(world, PEOPLE) == []
    assert set(world.state(PEOPLE, [])) == {"000001"}
    assert world.reasons(PEOPLE) == []
