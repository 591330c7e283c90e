"""The deadline position uses what was known at the end of the deadline day."""

from dataclasses import replace
from datetime import date

import pytest

from oic_assurance.builds import deadline
from oic_assurance.builds.deadline import freeze_deadlines
from oic_assurance.builds.record import load_build
from oic_assurance.builds.seeds import read_seed
from oic_assurance.settings import PROJECT_ROOT
from tests.databases import administrator
from tests.integration.builds.restated_world import (
    RestatedWorld,
    at,
    register,
)

# On the deadline day, the plan register lacked the evidence for one strand. A later register has
# that evidence.
DEADLINE_DAY, LATER = "2025-12-31T05:30", "2026-05-02T05:30"


@pytest.mark.slow
def test_the_deadline_position_is_stored_once(
    world: RestatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.land(DEADLINE_DAY)
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
    _, build_id = world.land(LATER)
    build = load_build(world.settings, build_id)

    # The policy once had a later deadline, whose position is stored too.
    policy = read_seed(PROJECT_ROOT, "policy_point")
    plan = next(row for row in policy.rows if row["point_code"] == "INTEL_PLAN")
    with monkeypatch.context() as earlier:
        later_row = {**plan, "deadline": date(2026, 1, 31)}
        earlier.setattr(deadline, "read_seed", lambda *_: replace(policy, lines=[(2, later_row)]))
        assert freeze_deadlines(world.settings, build) == ["INTEL_PLAN"]

    # The other points get no deadline position, because their data was landed after the deadline.
    assert freeze_deadlines(world.settings, build) == ["INTEL_PLAN"]
    assert freeze_deadlines(world.settings, build) == []
    assert world.ask("select count(*) as n from audit.build where purpose = 'deadline'") == [
        {"n": 2}
    ]

    frozen, moved = world.ask("select * from audit.deadline_position order by as_at")
    assert (frozen["numerator"], frozen["denominator"]) == (2, 3)
    assert moved["as_at"].date() == date(2026, 1, 31)
    # The status is not `unknown`, because the last run before the end of the deadline day extracted
    # the sources. The deadline position uses the freshness at that run, not at the later one.
    assert frozen["status"] == "overdue"
