"""The history of an exception over several publications.

The exception is closed and opens again. Then a publication is rolled back, and a run is repeated.
Finally, the exception's record is erased.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import sql

from oic_assurance.operations.erase.erase import erase
from oic_assurance.operations.erase.search import Request
from oic_assurance.publishing.rollback import rollback
from oic_assurance.sources.declarations.load import datasets
from tests.integration.builds.restated_world import RestatedWorld, at, temporary_world
from tests.oracle.examples import document

pytestmark = pytest.mark.slow

MISSING = "REFERRAL_DOCUMENT_MISSING"
REFERRAL = "R-FEB-1"
Life = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def world() -> Iterator[RestatedWorld]:
    with temporary_world() as made:
        yield made


def life(world: RestatedWorld, publication_id: int, record: str = REFERRAL) -> Life:
    """Return the periods in which a referral's document was missing, as a publication shows them.

    Each period is a tuple: first seen, closed at, the reason for closing, and whether it is open.
    """
    rows = world.ask(
        sql.SQL(
            "select first_seen_at, closed_at, closed_because, is_open from generation.{} "
            "where exception_code = %s and record_ref = %s order by spell"
        )
        .format(sql.Identifier(f"assurance_exception_history__{publication_id}"))
        .as_string(),
        MISSING,
        record,
    )
    return [
        (row["first_seen_at"], row["closed_at"], row["closed_because"], row["is_open"])
        for row in rows
    ]


def history_of(world: RestatedWorld, record: str) -> int:
    (row,) = world.ask(
        "select count(*) as n from audit.exception_event where record_ref = %s", record
    )
    return int(row["n"])


def test_an_exception_closes_and_opens_again_and_a_repeated_run_gives_the_same(
    world: RestatedWorld,
) -> None:
    first = world.publish("2026-04-10T05:30")
    assert life(world, first) == [(at("2026-04-10T05:30"), None, None, True)]

    # The referral's document arrives late, which closes the exception.
    late = document("U-FEB-1", "22", "2026-02-05T15:00", occurrence_ref="O-FEB-1")
    world.add("intel.report", late, "2026-04-10T12:00")
    world.fill()
    second = world.publish("2026-04-11T05:30")
    submitted = (at("2026-04-10T05:30"), at("2026-02-05T15:00"), "DOCUMENT_SUBMITTED", False)
    assert life(world, second) == [submitted]

    # The document is deleted, so the exception opens again.
    gone = {"deleted_at": at("2026-04-11T12:00"), "updated_at": at("2026-04-11T12:00")}
    world.row("intel.report", report_urn="U-FEB-1").update(gone)
    world.fill()
    third = world.publish("2026-04-12T05:30")
    assert life(world, third) == [submitted, (at("2026-04-12T05:30"), None, None, True)]

    # The third publication, in which the exception opened again, is rolled back, so the exception
    # opens again in the fourth publication.
    rollback(world.settings, second, "a wrong deletion", until_next_run=True)
    fourth = world.publish("2026-04-13T05:30")
    back = [submitted, (at("2026-04-13T05:30"), None, None, True)]
    assert life(world, fourth) == back
    (listed,) = world.ask(
        "select first_seen_at, reopened_at, times_reopened, exception_key "
        "from marts.assurance_exception where publication_id = %s and record_ref = %s "
        "and exception_code = %s",
        fourth,
        REFERRAL,
        MISSING,
    )
    assert (listed["first_seen_at"], listed["reopened_at"], listed["times_reopened"]) == (
        at("2026-04-10T05:30"),
        at("2026-04-13T05:30"),
        1,
    )

    # A run for a past day ignores the publications for later days. Another run for the newest day
    # gives the same history as before.
    past = world.publish("2026-04-10T05:30")
    assert life(world, past) == [(at("2026-04-10T05:30"), None, None, True)]
    events = history_of(world, REFERRAL)
    again = world.publish("2026-04-13T05:30")
    assert life(world, again) == back
    assert history_of(world, REFERRAL) == events


def test_nothing_of_an_erased_record_is_left(world: RestatedWorld) -> None:
    record = world.row("rms.nccu_referral", referral_ref=REFERRAL)
    world.step.tables["rms.nccu_referral"].remove(record)
    world.fill()
    of_others = history_of(world, "R-DEC-2")
    assert history_of(world, REFERRAL) > 0
    dataset = datasets()["rms/nccu_referral"]
    assert erase(
        world.settings,
        Request(dataset, dataset.tables[0], (str(record["referral_id"]),), "asked for"),
    )
    assert history_of(world, REFERRAL) == 0
    assert history_of(world, "R-DEC-2") == of_others > 0
    without = world.publish("2026-04-13T05:30")
    assert life(world, without) == []
    assert life(world, without, "R-DEC-2") != []
