"""Replays of rows from deliveries of changes.

A later file overrides a replay, even if the file repeats old values.
"""

from tests.integration.landing.support import (
    World,
    completion,
    london_midnight,
)
from tests.integration.operations.replay_support import Row, correct

COMPLETIONS = "lms/completions"


def test_later_changes_stay_valid_when_an_earlier_one_is_corrected(world: World) -> None:
    world.completions("20260101", completion("000001", 50))
    world.completions("20260102", completion("000001", 60).replace("OIC-EL-1,1", ",1"))
    world.completions("20260103", completion("000001", 50))
    world.land(COMPLETIONS)
    report = correct(world, COMPLETIONS, lambda row: {**row, "module_code": "OIC-EL-1"})
    assert (report.landed, report.rows_new) == (1, 1)
    scores = [
        [int(s) for (s,) in world.state(COMPLETIONS, ("score",), london_midnight(day)).values()]
        for day in ("20260101", "20260102", "20260103")
    ]
    assert scores == [[50], [60], [50]]


def test_a_second_file_for_the_same_day_overrides_a_replay_of_the_first(world: World) -> None:
    def score(known: str = "20260101") -> list[int]:
        states = world.state(COMPLETIONS, ("score",), london_midnight(known)).values()
        return [int(value) for (value,) in states]

    unnamed = completion("000001", 60).replace("OIC-EL-1,1", ",1")
    world.completions("20260101", completion("000001", 50))
    world.completions("20260102", unnamed)
    world.land(COMPLETIONS)
    world.completions("20260102", unnamed, completion("000001", 50))
    world.land(COMPLETIONS)
    first, second = (b["batch_id"] for b in world.batches(COMPLETIONS)[1:])

    def change(row: Row) -> Row:
        return {**row, "module_code": "OIC-EL-1"}

    report = correct(world, COMPLETIONS, change, batch_id=first)
    assert (report.landed, report.rows_new) == (1, 0)
    assert score("20260102") == [50]
    # The second file also has a landed row of the same record with another value, so the corrected
    # row is rejected again.
    report = correct(world, COMPLETIONS, change, batch_id=second)
    assert report.landed == 0
    assert score("20260102") == [50]


def test_a_late_file_of_changes_does_not_override_a_later_replay(world: World) -> None:
    world.completions("20260101", completion("000001", 50))
    world.completions("20260103", completion("000001", 50).replace("OIC-EL-1,1", ",1"))
    world.land(COMPLETIONS)
    report = correct(world, COMPLETIONS, lambda row: {**row, "module_code": "OIC-EL-1"})
    assert (report.landed, report.rows_new) == (1, 0)
    world.completions("20260102", completion("000001", 60))
    world.land(COMPLETIONS)
    scores = [
        [int(s) for (s,) in world.state(COMPLETIONS, ("score",), london_midnight(day)).values()]
        for day in ("20260102", "20260103")
    ]
    assert scores == [[60], [50]]
