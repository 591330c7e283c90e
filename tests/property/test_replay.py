"""Random histories of deliveries and corrections, compared with a plain model.

In the model, a correction changes the delivery that had the rejected row. Raw must have the same
state as the model, as at every day and as it was known after every batch.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oic_assurance.settings import Settings
from tests.integration.landing.support import (
    World,
    london_midnight,
)
from tests.integration.operations.support import Row, correct, replay_waiting
from tests.property.test_loader import (
    BROKEN,
    DAYS,
    KEYS,
    Delivery,
    changes_state,
    completions_row,
    full_state,
    new_world,
    personnel_row,
)

EXAMPLES = int(os.environ.get("LANDING_EXAMPLES", "25"))
PROFILE = settings(
    max_examples=EXAMPLES,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PEOPLE, COMPLETIONS = "hr/personnel", "lms/completions"


@dataclass(frozen=True)
class Corrections:
    """A step of a history that corrects rows in quarantine.

    `content` maps keys to corrected content. Rejected rows with other keys are not corrected.
    """

    content: Mapping[str, str]


History = list[Delivery | Corrections]


def histories(contents: list[str], smallest: int) -> st.SearchStrategy[History]:
    content = st.sampled_from([*contents, BROKEN, BROKEN])
    delivery = st.builds(
        Delivery,
        st.sampled_from(DAYS[:3]),
        st.dictionaries(st.sampled_from(KEYS), content, min_size=smallest),
    )
    corrections = st.builds(
        Corrections, st.dictionaries(st.sampled_from(KEYS), st.sampled_from(contents))
    )
    return st.lists(st.one_of(delivery, delivery, corrections), min_size=2, max_size=8)


def run_history(
    world: World,
    dataset: str,
    history: History,
    drop: Callable[[Delivery], None],
    correct_row: Callable[[Row, str], Row],
) -> Iterator[tuple[int, list[Delivery]]]:
    """Run a history. After each step, yield the newest batch and the model's deliveries.

    Nothing is yielded before the first delivery is landed.
    """
    landed: dict[int, Delivery] = {}
    for step in history:
        if isinstance(step, Delivery):
            drop(step)
            if world.land(dataset).batches:
                landed[world.batches(dataset)[-1]["batch_id"]] = step
        else:
            landed = _correct(world, dataset, step, landed, correct_row)
        if landed:
            yield world.batches(dataset)[-1]["batch_id"], list(landed.values())


def _correct(
    world: World,
    dataset: str,
    step: Corrections,
    landed: dict[int, Delivery],
    correct_row: Callable[[Row, str], Row],
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
        return correct_row(row, step.content[batch_and_key[1]]) if batch_and_key else None

    report = correct(world, dataset, change)
    assert (report.landed, report.still_rejected) == (len(chosen), [])
    assert replay_waiting(world, dataset).landed == 0
    corrected = dict(landed)
    for batch_id, key in chosen.values():
        earlier = corrected[batch_id]
        content = {**earlier.content, key: step.content[key]}
        corrected[batch_id] = Delivery(earlier.day, content)
    return corrected


def check_full(warehouse: Settings, history: History) -> None:
    """Run a history of full deliveries, and compare raw with the model after each step."""

    def correct_row(row: Row, unit: str) -> Row:
        return {**row, "employment_type": "OFFICER", "org_unit_code": unit}

    with new_world(warehouse) as world:

        def drop(delivery: Delivery) -> None:
            rows = [personnel_row(key, content) for key, content in delivery.content.items()]
            world.personnel(delivery.day, *rows)

        steps = list(run_history(world, PEOPLE, history, drop, correct_row))
        for batch_id, deliveries in steps:
            for day in DAYS:
                state = world.state(PEOPLE, ("org_unit_code",), london_midnight(day), batch_id)
                found = {key: unit for key, (unit,) in state.items()}
                assert found == full_state(deliveries, day), (day, batch_id)


def check_changes(warehouse: Settings, history: History) -> None:
    """Run a history of deliveries of changes, and compare raw with the model after each step."""

    def correct_row(row: Row, score: str) -> Row:
        return {**row, "status": "COMPLETED", "score": score}

    with new_world(warehouse) as world:

        def drop(delivery: Delivery) -> None:
            rows = [completions_row(key, content) for key, content in delivery.content.items()]
            world.completions(delivery.day, *rows)

        steps = list(run_history(world, COMPLETIONS, history, drop, correct_row))
        for batch_id, deliveries in steps:
            for day in DAYS:
                state = world.state(
                    COMPLETIONS, ("employee_no", "score"), london_midnight(day), batch_id
                )
                found = {key: str(int(score)) for key, score in state.values()}
                assert found == changes_state(deliveries, day), (day, batch_id)


def deliver(day: int, *contents: str) -> Delivery:
    """Return a delivery for a day, with these contents for the first, second and third key."""
    return Delivery(DAYS[day], dict(zip(KEYS, contents, strict=False)))


def correction(content: str) -> Corrections:
    return Corrections(dict.fromkeys(KEYS, content))


#: The hardest histories. The contents are units of people as well as scores.
HARD: dict[str, History] = {
    "a later delivery that repeats old content overrides a correction": [
        deliver(0, "50"), deliver(1, BROKEN), deliver(2, "50"), correction("60"),
    ],
    "a second file for the same day overrides a correction of the first": [
        deliver(0, "50"), deliver(1, BROKEN, BROKEN), deliver(1, "50"), correction("60"),
    ],
    "a late delivery does not override a later correction to what was known": [
        deliver(0, "50"), deliver(2, BROKEN), correction("50"), deliver(1, "60"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("check", [check_full, check_changes])
@pytest.mark.parametrize("name", HARD)
def test_a_hard_history(
    warehouse: Settings, check: Callable[[Settings, History], None], name: str
) -> None:
    check(warehouse, HARD[name])


@pytest.mark.slow
@PROFILE
@given(history=histories(["A", "B"], smallest=1))
def test_full_deliveries_corrected_at_any_time(warehouse: Settings, history: History) -> None:
    check_full(warehouse, history)


@pytest.mark.slow
@PROFILE
@given(history=histories(["50", "60"], smallest=0))
def test_changes_corrected_at_any_time(warehouse: Settings, history: History) -> None:
    check_changes(warehouse, history)
