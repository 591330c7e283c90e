"""A force that leaves the national view is withdrawn: by whom, when and why is on record."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from oic_assurance.cli.main import run_command
from oic_assurance.errors import UsageError
from oic_assurance.landing.national.exporters import decide_membership
from oic_assurance.publishing import rollback as pointer
from oic_assurance.state.read import Problem, open_problems
from tests.national.world import MIDLANDS, NationalWorld, made_up

GONE, *OTHERS = MIDLANDS[:6]
#: Decisions count from their day on, so the runs are of today.
TODAY = datetime.now(UTC).date()
MIDNIGHT = datetime.combine(TODAY, time(), UTC)
WHY = "its contract ended"


def export(world: NationalWorld, *codes: str) -> None:
    for number, code in enumerate(codes):
        world.export(made_up(code, {"HYDRA": (50 + number, 100)}, as_at=MIDNIGHT), TODAY)


def decide(world: NationalWorld, *, withdraws: bool, reason: str = WHY) -> None:
    decide_membership(world.settings, GONE, "a.lead", reason, withdraws=withdraws)


def told(world: NationalWorld, code: str, declared: str = "") -> list[Problem]:
    found = open_problems(replace(world.settings, reporting_forces=declared))
    return [one for one in found if one.problem_code == code]


def test_a_decision_needs_a_reason_and_changes_something(world: NationalWorld) -> None:
    for force, reason, withdraws, message in (
        ("Surrey", WHY, True, "is not the ONS code of a police force area"),
        (GONE, " \n", True, "needs a reason"),
        (GONE, "ask a.lead@example.org", True, "Readers see the reason"),
        (GONE, WHY, False, "is not withdrawn"),
    ):
        with pytest.raises(UsageError, match=message):
            decide_membership(world.settings, force, "a.lead", reason, withdraws=withdraws)
    decide(world, withdraws=True)
    with pytest.raises(UsageError, match="is withdrawn already, since"):
        decide(world, withdraws=True)
    as_force = replace(world.settings, kind="force")
    with pytest.raises(UsageError, match="a command of the national warehouse"):
        decide_membership(as_force, GONE, "a.lead", WHY, withdraws=False)


def test_exports_of_a_withdrawn_force_are_not_taken(
    world: NationalWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    export(world, GONE, OTHERS[0])
    path = world.export(made_up(GONE, as_at=MIDNIGHT), TODAY)["position"]
    path.write_bytes(path.read_bytes()[:-20])
    world.land(MIDNIGHT)
    assert [one.subject for one in told(world, "delivery")] == ["national/position"]

    decide(world, withdraws=True)
    export(world, GONE)
    world.land(MIDNIGHT)

    assert told(world, "delivery") == [], "a refused export of the force is nobody's trouble now"
    landed = "select from audit.batch where status = 'landed' and source_place ~ %s"
    assert len(world.rows(landed, GONE)) == 5
    left = world.rows("select name, reason from state.not_taken where name ~ %s", GONE)
    assert f"position_{GONE}_{TODAY:%Y%m%d}.csv" in {one["name"] for one in left}
    assert "its force was withdrawn from the national view on" in left[0]["reason"]

    assert run_command(["release", "readmit-force", GONE, "--reason", "a mistake"]) == 0
    world.land(MIDNIGHT)
    # The position, and the measures that differ from those that were landed.
    assert len(world.rows(landed, GONE)) == 7

    capsys.readouterr()
    assert run_command(["release", "forces"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.index("WITHDRAWN") < shown.index("READMITTED")
    assert WHY in shown
    assert "a.lead" in shown


def test_a_force_that_is_not_declared_any_more_is_told(world: NationalWorld) -> None:
    export(world, GONE, OTHERS[0])
    world.land(MIDNIGHT)
    declared = ",".join(OTHERS)

    assert told(world, "undeclared") == [], "nobody has said which forces report"
    [problem] = told(world, "undeclared", declared)
    assert problem.subject == GONE
    assert problem.what_to_do.endswith(f"release withdraw-force {GONE} --reason …")
    assert "forces.yml does not declare it" in problem.what

    decide(world, withdraws=True)
    assert told(world, "undeclared", declared) == []


@pytest.mark.slow
def test_the_view_without_a_force_is_computed_and_told(world: NationalWorld) -> None:
    as_at = datetime.now(UTC)
    export(world, GONE, *OTHERS)
    first = world.run(as_at)
    with_it = of_group(world)
    assert world.states()[GONE] is None

    decide(world, withdraws=True)

    [problem] = told(world, "withdrawn")
    assert WHY in problem.what
    second = world.run(as_at)
    assert told(world, "withdrawn") == []
    [row] = [
        row for row in world.mart("national_force_state") if row["reporting_force_code"] == GONE
    ]
    assert (row["state"], row["why_unknown"], row["force_publication_id"]) == (
        "WITHDRAWN", None, None,
    )  # fmt: skip
    day = f"{TODAY:%-d %B %Y}"
    assert row["caveat"] == f"it was withdrawn from the national view on {day}: {WHY}"
    for mart in ("position", "measure", "history", "source", "restatement", "funnel"):
        rows = world.mart(f"national_{mart}")
        assert GONE not in {one["reporting_force_code"] for one in rows}, mart
    without = of_group(world)
    assert without["forces_in_group"] == with_it["forces_in_group"] - 1
    assert without["forces"] == len(OTHERS)
    assert without["numerator"] == with_it["numerator"] - 50
    public = world.mart("national_position", schema="public_draft")
    assert {row["why_withheld"] for row in public if row["area_code"] == GONE} == {
        "FORCE_WITHDRAWN"
    }

    # A roll-back to before the decision shows the force again, and that is told.
    pointer.rollback(world.settings, first, "a check of this test")
    assert [one.subject for one in told(world, "withdrawn")] == [GONE]
    pointer.rollback(world.settings, second, "the check is done")
    decide(world, withdraws=False, reason="it was a mistake")
    world.run(as_at)
    assert world.states()[GONE] is None
    assert of_group(world) == with_it


def of_group(world: NationalWorld) -> dict[str, float]:
    """Return what the forces of the group have together at one point."""
    [row] = [
        row
        for row in world.mart("national_group")
        if (row["comparison_group"], row["point_code"]) == ("MIDLANDS", "HYDRA")
    ]
    return {name: row[name] for name in ("forces_in_group", "forces", "numerator", "centre")}
