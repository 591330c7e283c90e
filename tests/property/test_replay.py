"""Random histories of deliveries and corrections against a plain model.

In the model a correction changes what the delivery said in its place, as if it had come so. Raw
must then say the same for every moment and every state of knowledge.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oic_assurance.settings import Settings
from tests.integration.landing.support import (
    World,
    completion,
    london_midnight,
    person,
    warehouse_of_its_own,
)
from tests.integration.operations.replay_support import Row, again, correct
from tests.property.test_loader import (
    BROKEN,
    DAYS,
    KEYS,
    Delivery,
    a_world,
    changes_state,
    full_state,
)

EXAMPLES = int(os.environ.get("LANDING_EXAMPLES", "25"))
PROFILE = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
pytestmark = pytest.mark.slow
PEOPLE, COMPLETIONS = "hr/personnel", "lms/completions"


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[Settings]:
    with warehouse_of_its_own() as settings:
        yield settings


@dataclass(frozen=True)
class Corrections:
    """What the rows of each key in quarantine are corrected to; keys not named are left."""

    content: Mapping[str, str]


History = list[Delivery | Corrections]


def histories(contents: list[str], smallest: int) -> st.SearchStrategy[History]:
    said = st.sampled_from([*contents, BROKEN, BROKEN])
    delivery = st.builds(
        Delivery,
        st.sampled_from(DAYS[:3]),
        st.dictionaries(st.sampled_from(KEYS), said, min_size=smallest),
    )
    corrections = st.builds(
        Corrections, st.dictionaries(st.sampled_from(KEYS), st.sampled_from(contents))
    )
    return st.lists(st.one_of(delivery, delivery, corrections), min_size=2, max_size=8)


def live(
    world: World,
    dataset: str,
    history: History,
    drop: Callable[[Delivery], None],
    mend: Callable[[Row, str], Row],
) -> Iterator[tuple[int, list[Delivery]]]:
    """Let a history happen; gives the model's deliveries after each step with the batch known."""
    landed: dict[int, Delivery] = {}
    for step in history:
        if isinstance(step, Delivery):
            drop(step)
            if world.land(dataset).batches:
                landed[world.batches(dataset)[-1]["batch_id"]] = step
        else:
            landed = _correct(world, dataset, step, landed, mend)
        if landed:
            yield world.batches(dataset)[-1]["batch_id"], list(landed.values())


def _correct(
    world: World,
    dataset: str,
    step: Corrections,
    landed: dict[int, Delivery],
    mend: Callable[[Row, str], Row],
) -> dict[int, Delivery]:
    waiting = {
        rejected_id: (batch_id, employee_no)
        for rejected_id, batch_id, employee_no in world.query(
            "select rejected_id, batch_id, content ->> 'employee_no' from audit.rejected_row"
            " where dataset = %s and status = 'rejected'",
            dataset,
        )
    }
    chosen = {id_: at for id_, at in waiting.items() if at[1] in step.content}
    if not chosen:
        return landed

    def change(row: Row) -> Row | None:
        batch_and_key = chosen.get(int(row["rejected_id"]))
        return mend(row, step.content[batch_and_key[1]]) if batch_and_key else None

    report = correct(world, dataset, change)
    assert (report.landed, report.still_rejected) == (len(chosen), [])
    assert again(world, dataset).landed == 0
    mended = dict(landed)
    for batch_id, key in chosen.values():
        was = mended[batch_id]
        mended[batch_id] = Delivery(was.day, {**was.content, key: step.content[key]})
    return mended


@PROFILE
@given(history=histories(["A", "B"], smallest=1))
def test_full_lists_corrected_at_any_time(warehouse: Settings, history: History) -> None:
    def mend(row: Row, unit: str) -> Row:
        return {**row, "employment_type": "OFFICER", "org_unit_code": unit}

    with a_world(warehouse) as world:

        def drop(delivery: Delivery) -> None:
            rows = [
                person(key).replace("OFFICER", "WIZARD") if said == BROKEN else person(key, said)
                for key, said in delivery.content.items()
            ]
            world.personnel(delivery.day, *rows)

        steps = list(live(world, PEOPLE, history, drop, mend))
        for batch_id, deliveries in steps:
            for day in DAYS:
                state = world.state(PEOPLE, ("org_unit_code",), london_midnight(day), batch_id)
                found = {key: unit for key, (unit,) in state.items()}
                assert found == full_state(deliveries, day), (day, batch_id)


@PROFILE
@given(history=histories(["50", "60"], smallest=0))
def test_changes_corrected_at_any_time(warehouse: Settings, history: History) -> None:
    def mend(row: Row, score: str) -> Row:
        return {**row, "status": "COMPLETED", "score": score}

    with a_world(warehouse) as world:

        def drop(delivery: Delivery) -> None:
            rows = [
                completion(key).replace("COMPLETED", "LOST")
                if said == BROKEN
                else completion(key, said)
                for key, said in delivery.content.items()
            ]
            world.completions(delivery.day, *rows)

        steps = list(live(world, COMPLETIONS, history, drop, mend))
        for batch_id, deliveries in steps:
            for day in DAYS:
                state = world.state(
                    COMPLETIONS, ("employee_no", "score"), london_midnight(day), batch_id
                )
                found = {key: str(int(score)) for key, score in state.values()}
                assert found == changes_state(deliveries, day), (day, batch_id)
