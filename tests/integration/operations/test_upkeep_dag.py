"""The DAG of the upkeep does every part, also if one fails, and is red if one has failed."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.operations.review import decide
from oic_assurance.operations.upkeep import REVIEW, run_part
from oic_assurance.platform import upkeep
from oic_assurance.settings import Settings
from tests.integration.landing.support import World
from tests.integration.operations.test_review import ERASE, PEOPLE, leave, raw
from tests.integration.operations.test_upkeep import BROKEN, outcomes

DAG_FILE = Path(__file__).resolve().parents[3] / "dags" / "assurance_upkeep.py"


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def metadata(warehouse: Settings) -> None:
    """Make the tables of Airflow's own database."""
    from airflow.utils.db import initdb

    initdb()


def run_dag() -> Any:
    """Run the DAG once in this process, and return its run."""
    from airflow.dag_processing.dagbag import DagBag

    # An object that has run once keeps the state of that run, so each run loads a new one.
    return DagBag(DAG_FILE).dags["assurance_upkeep"].test(logical_date=None)


def test_the_dag_erases_what_was_decided_and_every_part_is_on_record(world: World) -> None:
    leave(world)
    run_part(world.settings, REVIEW)
    decide(world.settings, PEOPLE, ["000777"], ERASE)
    assert str(run_dag().state) == "success"
    assert outcomes(world.settings) == dict.fromkeys(upkeep.PARTS, "done")
    assert raw(world) == {"000778", "000779", "000780"}


def test_a_part_that_fails_stops_no_other_and_turns_the_dag_red(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(upkeep.PARTS, "review", dataclasses.replace(BROKEN, name="review"))
    assert str(run_dag().state) == "failed"
    done = dict.fromkeys(upkeep.PARTS, "done")
    assert outcomes(world.settings) == {**done, "review": "failed"}
