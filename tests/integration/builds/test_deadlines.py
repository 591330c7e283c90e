"""The position at a deadline as it was known then: from what had landed by the end of that day."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance import pipeline
from oic_assurance.builds.dbt import run_dbt
from oic_assurance.builds.deadline import freeze_deadlines
from oic_assurance.builds.record import Build, load_build
from oic_assurance.warehouse.connections import connect
from tests.integration.builds.restated_world import (
    RestatedWorld,
    at,
    make_world,
    register,
    stop_world,
)

# The register that stood on the deadline day lacked one strand's evidence; it was put right since.
DEADLINE_DAY, LATER = "2025-12-31T05:30", "2026-05-02T05:30"


@pytest.fixture(scope="module")
def world() -> Iterator[RestatedWorld]:
    home = Path(tempfile.mkdtemp(prefix="assurance-deadlines-"))
    try:
        yield make_world(home / "state")
    finally:
        stop_world(home / "state")
        shutil.rmtree(home, ignore_errors=True)


def land(world: RestatedWorld, moment: str) -> Build:
    """Land what there is, as the run for a moment does, and open its build."""
    run_id = f"run for {moment}"
    for dataset in pipeline.open_run(world.settings, run_id, at(moment)):
        pipeline.extract(world.settings, run_id, dataset)
    build_id = pipeline.close_landing(world.settings, run_id, at(moment))
    return load_build(world.settings, build_id)


def test_what_was_known_at_the_deadline_is_frozen_once(world: RestatedWorld) -> None:
    land(world, DEADLINE_DAY)
    run_dbt(world.settings, "daily", ["seed"])
    with connect(world.settings) as connection:
        # As if that run had been on the day itself, with the register and nothing else.
        connection.execute(
            "update audit.batch set landed_at = %s where dataset = 'governance/plans'",
            (at(DEADLINE_DAY),),
        )
        connection.execute(
            "update audit.extraction set started_at = %s, finished_at = %s",
            (at(DEADLINE_DAY), at(DEADLINE_DAY)),
        )
    world.fill(register("2026-01-05T12:00", "E1"))
    build = land(world, LATER)

    # Of the other points nothing had landed by their deadlines.
    assert freeze_deadlines(world.settings, build) == ["INTEL_PLAN"]
    assert freeze_deadlines(world.settings, build) == []
    assert world.ask("select count(*) as n from audit.build where purpose = 'deadline'") == [
        {"n": 1}
    ]

    (frozen,) = world.ask("select * from audit.deadline_position")
    assert (frozen["numerator"], frozen["denominator"]) == (2, 3)
    # Its sources were fresh then: the run of the day had extracted them, not the one of later.
    assert frozen["status"] == "overdue"
