"""Replays are verified like deliveries, and erasures remove replayed rows."""

from tests.integration.landing.changed_databases import CUSTODY, at, put
from tests.integration.landing.support import World, completion, person
from tests.integration.operations.replay_support import Row, correct, replay_waiting
from tests.integration.operations.support import (
    archived_contents,
    assert_agrees,
    disagreements,
    erase_record,
)

PEOPLE = "hr/personnel"
COMPLETIONS = "lms/completions"


def corrected(row: Row) -> Row:
    return row | {"employment_type": "OFFICER", "start_date": "01/02/2020"}


def replayed(world: World) -> None:
    """Land two personnel files, and replay the two rejected rows of the first file.

    One of these rows is corrected and landed. The other is rejected again.
    """
    rejected = person("000007").replace("OFFICER", "WIZARD")
    other = person("000008").replace("OFFICER", "WIZARD")
    world.personnel("20260101", "000001", rejected, other)
    world.personnel("20260103", "000001", "000007")
    world.land(PEOPLE)
    report = correct(
        world, PEOPLE, lambda row: corrected(row) if row["employee_no"] == "000007" else row
    )
    assert (report.landed, len(report.still_rejected)) == (1, 1)


def test_a_replay_of_a_full_delivery_is_verified(world: World) -> None:
    replayed(world)
    assert_agrees(world, PEOPLE)
    with world.as_owner() as owner:
        owner.execute(
            "update raw_general.personnel set org_unit_code = 'X' where batch_id ="
            " (select batch_id from audit.batch where kind = 'replay') and row_number is not null"
        )
    [line] = disagreements(world, PEOPLE)
    assert "row 2, key 000007: raw and the archived batch differ in org_unit_code" in line


def test_a_replay_of_changes_is_verified(world: World) -> None:
    world.completions("20260101", completion("000001"), completion("000002", at="31/02/2025 10:00"))
    world.completions("20260105", completion("000001"))
    world.land(COMPLETIONS)
    correct(world, COMPLETIONS, lambda row: row | {"completed_at": "2025-06-02 10:00"})
    assert_agrees(world, COMPLETIONS)


def test_a_replay_of_database_rows_is_verified(world: World) -> None:
    put(world, 1, at(0))
    put(world, 2, at(1), " ")
    world.land(CUSTODY)
    assert replay_waiting(world, CUSTODY).landed == 0
    correct(world, CUSTODY, lambda row: row | {"arresting_officer_no": "C2"})
    assert_agrees(world, CUSTODY)


def test_an_erasure_removes_replayed_rows(world: World) -> None:
    replayed(world)
    for key in ("000007", "000008"):
        erase_record(world, PEOPLE, key)
        contents = archived_contents(world, PEOPLE).values()
        assert not any(key.encode() in content for content in contents)
        assert_agrees(world, PEOPLE)
    assert set(world.state(PEOPLE, [])) == {"000001"}
    assert world.reasons(PEOPLE) == []
