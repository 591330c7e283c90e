"""The deadline position uses what was known at the end of the deadline day."""

from oic_assurance import pipeline
from oic_assurance.builds.dbt import run_dbt
from oic_assurance.builds.deadline import freeze_deadlines
from oic_assurance.builds.record import Build, load_build
from tests.databases import administrator
from tests.integration.builds.restated_world import (
    RestatedWorld,
    at,
    register,
)

# On the deadline day, the plan register lacked the evidence for one strand. A later register has
# that evidence.
DEADLINE_DAY, LATER = "2025-12-31T05:30", "2026-05-02T05:30"


def land(world: RestatedWorld, moment: str) -> Build:
    """Land the deliveries as in the run for a moment. Return the build of that run."""
    run_id = f"run for {moment}"
    for dataset in pipeline.open_run(world.settings, run_id, at(moment)):
        pipeline.extract(world.settings, run_id, dataset)
    build_id = pipeline.close_landing(world.settings, run_id, at(moment))
    return load_build(world.settings, build_id)


def test_the_deadline_position_is_stored_once(world: RestatedWorld) -> None:
    land(world, DEADLINE_DAY)
    run_dbt(world.settings, "daily", ["seed"])
    with administrator(world.settings) as connection:
        # Change the recorded times, as if the run had really been on the deadline day. Only the
        # plan register is to count as landed on that day.
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

    # The other points get no deadline position, because their data was landed after the deadline.
    assert freeze_deadlines(world.settings, build) == ["INTEL_PLAN"]
    assert freeze_deadlines(world.settings, build) == []
    assert world.ask("select count(*) as n from audit.build where purpose = 'deadline'") == [
        {"n": 1}
    ]

    (frozen,) = world.ask("select * from audit.deadline_position")
    assert (frozen["numerator"], frozen["denominator"]) == (2, 3)
    # The status is not `unknown`, because the last run before the end of the deadline day extracted
    # the sources. The deadline position uses the freshness at that run, not at the later one.
    assert frozen["status"] == "overdue"
