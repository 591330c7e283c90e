"""Records whose retention has ended are found, and a command erases them."""

from datetime import UTC, datetime

from oic_assurance.operations.erase.erase import erase
from oic_assurance.operations.erase.expired import expired_records
from oic_assurance.sources.declarations.load import dataset
from tests.integration.landing.changed_databases import CUSTODY, at, put
from tests.integration.landing.support import World, person
from tests.integration.operations.support import disagreements

PEOPLE = "hr/personnel"


def leaver(employee_no: str, left: str) -> str:
    return person(employee_no).removesuffix(",,") + f",{left},"


def expired_keys(world: World, name: str, now: datetime) -> list[str]:
    return [key for one in expired_records(world.settings, dataset(name), now) for key in one.keys]


def test_years_count_from_the_declared_column_unless_a_full_delivery_lists_the_record(
    world: World,
) -> None:
    listed = [leaver("000001", "2018-03-01"), leaver("000002", "2018-03-01"), "000003", "000004"]
    world.personnel("20240101", *listed)
    world.land(PEOPLE)
    world.personnel("20240201", leaver("000001", "2018-03-01"), "000003")
    world.land(PEOPLE)
    assert expired_keys(world, PEOPLE, datetime(2024, 3, 1, 23, 0, tzinfo=UTC)) == []
    assert expired_keys(world, PEOPLE, datetime(2024, 3, 3, tzinfo=UTC)) == ["000002"]
    assert expired_keys(world, PEOPLE, datetime(2030, 2, 2, tzinfo=UTC)) == ["000002", "000004"]


def test_years_count_from_the_latest_version_without_a_declared_column(world: World) -> None:
    put(world, 1, at(0))
    put(world, 2, at(0))
    world.land(CUSTODY)
    put(world, 1, at(60 * 24 * 30))
    world.land(CUSTODY)
    years = dataset(CUSTODY).retention.years
    due = datetime(2026 + years, 1, 10, tzinfo=UTC)
    assert expired_keys(world, CUSTODY, due.replace(day=4)) == []
    assert expired_keys(world, CUSTODY, due) == ["2"]
    assert expired_keys(world, CUSTODY, due.replace(month=3)) == ["1", "2"]


def test_expired_records_are_erased_from_raw_and_quarantine_with_their_basis_in_the_log(
    world: World,
) -> None:
    broken = "000006,C6,OFFICER,PC,R,T1,not a day,,"
    world.personnel("20180101", "000001", "000002", broken, ",C7,OFFICER,PC,R,T1,2010-01-01,,")
    world.land(PEOPLE)
    world.personnel("20180201", "000001")
    world.land(PEOPLE)
    now = datetime(2025, 1, 1, tzinfo=UTC)
    assert expired_keys(world, PEOPLE, now) == ["000002", "000006"]
    for request in expired_records(world.settings, dataset(PEOPLE), now):
        found = erase(world.settings, request)
        assert (found.raw.total(), found.rejected.total(), found.archived_rows) == (2, 2, 3)
    assert world.query("select kind, reason, records from audit.erasure") == [
        ("retention", "retention: 6 years, Employment records six years after leaving", 2)
    ]
    assert set(world.state(PEOPLE, ())) == {"000001"}
    assert world.reasons(PEOPLE) == []
    assert disagreements(world, PEOPLE) == []
    assert expired_records(world.settings, dataset(PEOPLE), now) == []
