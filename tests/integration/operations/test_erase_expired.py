"""What is past the retention of its declaration is found, and erased when somebody asks for it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from oic_assurance.operations.erase.erase import erase
from oic_assurance.operations.erase.expired import expired_records
from oic_assurance.operations.verify.verify import verify
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset
from tests.integration.landing.changed_databases import CUSTODY, at, put
from tests.integration.landing.support import World, person, warehouse_of_its_own

PEOPLE = "hr/personnel"


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


def leaver(employee_no: str, left: str) -> str:
    return person(employee_no).removesuffix(",,") + f",{left},"


def past(world: World, name: str, now: datetime) -> list[str]:
    return [key for one in expired_records(world.settings, dataset(name), now) for key in one.keys]


def test_years_count_from_the_declared_column_and_not_while_a_full_list_names_the_record(
    world: World,
) -> None:
    listed = [leaver("000001", "2018-03-01"), leaver("000002", "2018-03-01"), "000003", "000004"]
    world.personnel("20240101", *listed)
    world.land(PEOPLE)
    world.personnel("20240201", leaver("000001", "2018-03-01"), "000003")
    world.land(PEOPLE)
    assert past(world, PEOPLE, datetime(2024, 3, 1, 23, 0, tzinfo=UTC)) == []
    assert past(world, PEOPLE, datetime(2024, 3, 3, tzinfo=UTC)) == ["000002"]
    assert past(world, PEOPLE, datetime(2030, 2, 2, tzinfo=UTC)) == ["000002", "000004"]


def test_without_a_column_they_count_from_the_latest_version(world: World) -> None:
    put(world, 1, at(0))
    put(world, 2, at(0))
    world.land(CUSTODY)
    put(world, 1, at(60 * 24 * 30))
    world.land(CUSTODY)
    years = dataset(CUSTODY).retention.years
    due = datetime(2026 + years, 1, 10, tzinfo=UTC)
    assert past(world, CUSTODY, due.replace(day=4)) == []
    assert past(world, CUSTODY, due) == ["2"]
    assert past(world, CUSTODY, due.replace(month=3)) == ["1", "2"]


def test_they_go_with_their_basis_in_the_log_and_quarantine_goes_with_them(world: World) -> None:
    broken = "000006,C6,OFFICER,PC,R,T1,not a day,,"
    world.personnel("20180101", "000001", "000002", broken, ",C7,OFFICER,PC,R,T1,2010-01-01,,")
    world.land(PEOPLE)
    world.personnel("20180201", "000001")
    world.land(PEOPLE)
    now = datetime(2025, 1, 1, tzinfo=UTC)
    assert past(world, PEOPLE, now) == ["000002", "000006"]
    for request in expired_records(world.settings, dataset(PEOPLE), now):
        found = erase(world.settings, request)
        assert (found.raw.total(), found.rejected.total(), found.archived_rows) == (2, 2, 3)
    assert world.query("select kind, reason, records from audit.erasure") == [
        ("retention", "retention: 6 years, Employment records six years after leaving", 2)
    ]
    assert set(world.state(PEOPLE, ())) == {"000001"}
    assert world.reasons(PEOPLE) == []
    [proof] = verify(world.settings, PEOPLE)
    assert [str(one) for one in proof.disagreements] == []
    assert expired_records(world.settings, dataset(PEOPLE), now) == []
