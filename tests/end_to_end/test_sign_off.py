"""A point of a synthetic force is closed. Later runs reopen the closure, and it is made again."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.signing import Loop
from tests.end_to_end.terminal import force

pytestmark = pytest.mark.slow


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    """A separate synthetic force, because the test changes its plans."""
    with force("2026-04-01", seed="12") as terminal:
        yield Loop(terminal, tmp_path)


def test_a_closure_is_made_and_reopens_by_itself(loop: Loop) -> None:
    evidence = loop.folder / "plans.pdf"
    evidence.write_bytes(os.urandom(3_000_000))

    # Asked and answered: three plans, approved in time.
    loop.drop_plans("2026-04-22T12:00", ["2025-11-01"] * 3)
    loop.run("2026-04-23T05:30")
    sign = ["sign", "INTEL_PLAN", "--reason", "it is done", "--as"]
    assert "comes after STEPS_AGREED" in loop.may_not("chief", *sign, "FORCE")
    loop.close()
    assert "is in force already" in loop.may_not("commissioner", *sign, "COMMISSIONER")
    assert "another person" in loop.may_not("lead", *sign, "INSPECTORATE")
    loop.does("inspector", *sign, "INSPECTORATE")
    # Readers see the steps at once, and after the next publication.
    steps = ("STEPS_AGREED", "EVIDENCE", "FORCE", "COMMISSIONER", "INSPECTORATE")
    assert loop.mart() == [(1, step, None, True) for step in steps]
    loop.run("2026-04-24T05:30")
    assert loop.mart() == [(1, step, None, True) for step in steps]
    assert "closure" not in loop.caveat()

    # The evidence is changed. The run of the next day finds it.
    evidence.write_bytes(os.urandom(3_000_000))
    loop.run("2026-04-25T05:30")
    assert loop.last_entry()["cause"] == "EVIDENCE_CHANGED"
    assert (1, "REOPENED", "EVIDENCE_CHANGED", True) in loop.mart()
    assert not any(in_force for _, step, _, in_force in loop.mart() if step != "REOPENED")
    assert "its closure was reopened on" in loop.caveat()
    told = " ".join(loop.terminal.assurance("notify", "--dry-run").stdout.split())
    assert "A sign-off was reopened: INTEL_PLAN" in told

    # The point is closed again. Then a new register restates its figure: two plans were approved
    # only after the day of the signature.
    loop.close()
    before = loop.last_entry()["entry_id"]
    loop.drop_plans("2026-04-25T12:00", ["2025-11-01", "2026-04-26", "2026-04-26"])
    loop.run("2026-04-27T05:30")
    assert loop.by_the_oracle(before) == {"INTEL_PLAN": {"RESTATED"}}
    entry = loop.last_entry()
    assert (entry["cause"], entry["by_role"], entry["round"]) == ("RESTATED", "PIPELINE", 2)
    # The reopening is entered when the publication that finds it becomes current.
    restated = [row for row in loop.mart() if row[0] == 2]
    assert (2, "REOPENED", "RESTATED", True) in restated
    assert "the figure that it was closed on was restated" in loop.caveat()

    # Closed a third time, and it slips.
    loop.close()
    before = loop.last_entry()["entry_id"]
    loop.drop_plans("2026-04-27T12:00", ["2025-11-01", "2026-04-26", None])
    loop.run("2026-04-29T05:30")
    assert "SLIPPED" in loop.by_the_oracle(before)["INTEL_PLAN"]
    assert loop.last_entry()["cause"] == "SLIPPED"
    assert "because the point slipped" in loop.caveat()
    # The rows of round 2 are the same as before, except that they may no longer be in force.
    assert [row[:3] for row in loop.mart() if row[0] == 2] == [row[:3] for row in restated]
    loop.does("lead", "agree", "INTEL_PLAN", "--steps", "the third plan")
    loop.does("officer", "evidence", "INTEL_PLAN", "--file", "plans.pdf", "--reason", "plans")
    assert "The data say that INTEL_PLAN is" in loop.may_not("chief", *sign, "FORCE")
    check = loop.as_person("lead", "check")
    assert check.returncode == 0, check.stdout
