"""Random histories of deliveries against a plain model of "the state as at T, knowing K".

The model replays deliveries in the order of the moments they are for. Raw must say the same for
every moment and every state of knowledge, in whatever order the deliveries came.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oic_assurance.settings import Settings
from tests.integration.landing.support import (
    World,
    completion,
    london_midnight,
    person,
)

EXAMPLES = int(os.environ.get("LANDING_EXAMPLES", "25"))
PROFILE = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
BROKEN = "broken"
DAYS = [f"2026010{day}" for day in range(1, 6)]
KEYS = ["000001", "000002", "000003"]


@dataclass(frozen=True)
class Delivery:
    """A file for a day: what it says of each key that it names; BROKEN rows are rejected."""

    day: str
    content: dict[str, str]


def deliveries(contents: list[str], smallest: int) -> st.SearchStrategy[list[Delivery]]:
    content = st.dictionaries(
        st.sampled_from(KEYS), st.sampled_from([*contents, BROKEN]), min_size=smallest
    )
    return st.lists(st.builds(Delivery, st.sampled_from(DAYS), content), min_size=1, max_size=7)


def in_order(landed: list[Delivery]) -> list[Delivery]:
    """Order deliveries by the moment they are for; of one moment the later landed speaks last."""
    return sorted(landed, key=lambda delivery: delivery.day)


def full_state(landed: list[Delivery], day: str) -> dict[str, str]:
    state: dict[str, str] = {}
    for delivery in in_order(landed):
        if delivery.day <= day:
            state = {
                key: state[key] if said == BROKEN else said
                for key, said in delivery.content.items()
                if said != BROKEN or key in state
            }
    return state


def changes_state(landed: list[Delivery], day: str) -> dict[str, str]:
    state: dict[str, str] = {}
    for delivery in in_order(landed):
        if delivery.day <= day:
            state |= {key: said for key, said in delivery.content.items() if said != BROKEN}
    return state


@contextmanager
def a_world(warehouse: Settings) -> Iterator[World]:
    """Give an example a world of its own."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(warehouse, Path(folder))
        yield world
        world.close()


def known_batches(world: World, dataset: str) -> list[int]:
    return [batch["batch_id"] for batch in world.batches(dataset)]


@PROFILE
@given(history=deliveries(["A", "B"], smallest=1))
def test_full_lists_in_any_order(warehouse: Settings, history: list[Delivery]) -> None:
    with a_world(warehouse) as world:
        landed: list[Delivery] = []
        after: dict[int, list[Delivery]] = {}
        for delivery in history:
            rows = [
                person(key).replace("OFFICER", "WIZARD") if said == BROKEN else person(key, said)
                for key, said in delivery.content.items()
            ]
            world.personnel(delivery.day, *rows)
            if world.land("hr/personnel").batches:
                landed = [*landed, delivery]
                after[known_batches(world, "hr/personnel")[-1]] = landed
        for batch_id, then in after.items():
            for day in DAYS:
                state = world.state(
                    "hr/personnel", ("org_unit_code",), london_midnight(day), batch_id
                )
                assert {k: u for k, (u,) in state.items()} == full_state(then, day), (day, batch_id)


@PROFILE
@given(history=deliveries(["50", "60"], smallest=0))
def test_changes_in_any_order(warehouse: Settings, history: list[Delivery]) -> None:
    with a_world(warehouse) as world:
        landed: list[Delivery] = []
        after: dict[int, list[Delivery]] = {}
        for delivery in history:
            rows = [
                completion(key).replace("COMPLETED", "LOST")
                if said == BROKEN
                else completion(key, said)
                for key, said in delivery.content.items()
            ]
            world.completions(delivery.day, *rows)
            if world.land("lms/completions").batches:
                landed = [*landed, delivery]
                after[known_batches(world, "lms/completions")[-1]] = landed
        for batch_id, then in after.items():
            for day in DAYS:
                state = world.state(
                    "lms/completions", ("employee_no", "score"), london_midnight(day), batch_id
                )
                found = {key: str(int(score)) for key, score in state.values()}
                assert found == changes_state(then, day), (day, batch_id)


@PROFILE
@given(history=deliveries(["A", "B"], smallest=1), data=st.data())
def test_the_order_of_landing_does_not_matter(
    warehouse: Settings, history: list[Delivery], data: st.DataObject
) -> None:
    """One file a day: landed one by one in any order, or all at once, raw says the same."""
    by_day = {
        delivery.day: delivery for delivery in history if BROKEN not in delivery.content.values()
    }
    shuffled = data.draw(st.permutations(list(by_day.values())))
    states: list[dict[str, Any]] = []
    for one_by_one in (True, False):
        with a_world(warehouse) as world:
            for delivery in shuffled:
                world.personnel(delivery.day, *(person(k, u) for k, u in delivery.content.items()))
                if one_by_one:
                    world.land("hr/personnel")
            world.land("hr/personnel")
            states.append(
                {
                    day: world.state("hr/personnel", ("org_unit_code",), london_midnight(day))
                    for day in DAYS
                }
            )
    assert states[0] == states[1]
