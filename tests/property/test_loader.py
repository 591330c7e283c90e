"""Random histories of deliveries, compared with a plain model.

The model applies the deliveries in the order of the moments that they are for, whatever the order
of landing. Raw must have the same state as the model, as at every day and as it was known after
every batch.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from oic_assurance.settings import Settings
from tests.integration.landing.support import (
    World,
    completion,
    london_midnight,
    person,
)

EXAMPLES = int(os.environ.get("LANDING_EXAMPLES", "8"))
PROFILE = settings(
    max_examples=EXAMPLES,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
BROKEN = "broken"
DAYS = [f"2026010{day}" for day in range(1, 6)]
KEYS = ["000001", "000002", "000003"]


@dataclass(frozen=True)
class Delivery:
    """A file for a day. `content` maps each key that the file lists to the content of its row.

    A row with the content BROKEN is rejected. With `has_unread_key`, the file has another row,
    whose key cannot be read.
    """

    day: str
    content: dict[str, str]
    has_unread_key: bool = False


def deliveries(
    contents: list[str], smallest: int, *, unread_keys: bool = False
) -> st.SearchStrategy[list[Delivery]]:
    content = st.dictionaries(
        st.sampled_from(KEYS), st.sampled_from([*contents, BROKEN]), min_size=smallest
    )
    unread = st.sampled_from([False, False, True]) if unread_keys else st.just(False)
    one = st.builds(Delivery, st.sampled_from(DAYS), content, unread)
    return st.lists(one, min_size=1, max_size=7)


def in_order(landed: list[Delivery]) -> list[Delivery]:
    """Sort deliveries by day. Among deliveries for the same day, the one landed last comes last."""
    return sorted(landed, key=lambda delivery: delivery.day)


def full_state(landed: list[Delivery], day: str) -> dict[str, str]:
    """Return the model's state as at a day, if all deliveries are full.

    If a row is rejected, its record keeps its previous content. If the key of a row cannot be read,
    records that the file does not list also keep their content.
    """
    state: dict[str, str] = {}
    for delivery in in_order(landed):
        if delivery.day <= day:
            stays = state if delivery.has_unread_key else {}
            state = stays | {
                key: state[key] if content == BROKEN else content
                for key, content in delivery.content.items()
                if content != BROKEN or key in state
            }
    return state


def changes_state(landed: list[Delivery], day: str) -> dict[str, str]:
    """Return the model's state as at a day, if all deliveries are changes."""
    state: dict[str, str] = {}
    for delivery in in_order(landed):
        if delivery.day <= day:
            state |= {key: value for key, value in delivery.content.items() if value != BROKEN}
    return state


def personnel_row(key: str, content: str) -> str:
    """Return a line of a personnel file. Its content is the unit, or BROKEN for a rejected line."""
    return person(key).replace("OFFICER", "WIZARD") if content == BROKEN else person(key, content)


def completions_row(key: str, content: str) -> str:
    """Return a line of a completions file.

    The content is the score, or BROKEN for a line that is rejected.
    """
    if content == BROKEN:
        return completion(key).replace("COMPLETED", "LOST")
    return completion(key, content)


@contextmanager
def new_world(warehouse: Settings) -> Iterator[World]:
    """Yield a new world for one example."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(warehouse, Path(folder))
        yield world
        world.close()


def known_batches(world: World, dataset: str) -> list[int]:
    return [batch["batch_id"] for batch in world.batches(dataset)]


#: A file replaces another of its day, and then comes again. A late file is valid past one in which
#: its row was rejected, and until the next one.
REPLACED = [
    Delivery(DAYS[0], {"000001": "A", "000002": "A", "000003": "A"}),
    Delivery(DAYS[1], {"000001": "A", "000002": "A"}),
    Delivery(DAYS[0], {"000001": "B", "000003": "A"}),
    Delivery(DAYS[0], {"000001": "A", "000002": "A", "000003": "A"}),
]
LATE = [
    Delivery(DAYS[0], {"000001": "50", "000002": "60"}),
    Delivery(DAYS[2], {"000001": BROKEN, "000002": "60"}),
    Delivery(DAYS[4], {"000001": "50"}),
    Delivery(DAYS[2], {"000002": "50"}),
    Delivery(DAYS[1], {"000001": "60", "000002": "50"}),
]


@PROFILE
@example(history=REPLACED)
@example(history=LATE)
@given(history=deliveries(["A", "B"], smallest=1, unread_keys=True))
def test_full_deliveries_in_any_order(warehouse: Settings, history: list[Delivery]) -> None:
    with new_world(warehouse) as world:
        landed: list[Delivery] = []
        after: dict[int, list[Delivery]] = {}
        for delivery in history:
            rows = [personnel_row(key, content) for key, content in delivery.content.items()]
            rows += [person("???")] * delivery.has_unread_key
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
@example(history=LATE)
@given(history=deliveries(["50", "60"], smallest=0))
def test_changes_in_any_order(warehouse: Settings, history: list[Delivery]) -> None:
    with new_world(warehouse) as world:
        landed: list[Delivery] = []
        after: dict[int, list[Delivery]] = {}
        for delivery in history:
            rows = [completions_row(key, content) for key, content in delivery.content.items()]
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
    """Raw is the same whether files are landed one by one, in any order, or all at once.

    Each day has at most one file.
    """
    by_day = {
        delivery.day: delivery for delivery in history if BROKEN not in delivery.content.values()
    }
    shuffled = data.draw(st.permutations(list(by_day.values())))
    states: list[dict[str, Any]] = []
    for one_by_one in (True, False):
        with new_world(warehouse) as world:
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
