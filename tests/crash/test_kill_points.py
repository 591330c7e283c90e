"""At least 200 kill points: after each, a re-run gives the same state as an uninterrupted run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.edges import LANDING, RUN, find
from tests.crash.points import GROUPS, plan
from tests.crash.report import not_converged
from tests.crash.world import PROJECT, environment_of_tests

POINTS, SEED = 200, 7


@pytest.mark.slow
def test_a_rerun_converges_after_every_kill_point(tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", "--points", str(POINTS), "--seed", str(SEED),
         "--json", str(output)],
        cwd=PROJECT, env=environment_of_tests(), stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    results = json.loads(output.read_text())
    assert not_converged(results) == []
    assert done.returncode == 0
    assert len(results) >= POINTS
    kinds = {result["point"]["group"] for result in results if result["interrupted"]}
    # At least one point of every group, and one under the scheduler, must have hit running work.
    assert kinds > {group.name for group in GROUPS}


@pytest.mark.parametrize("place", sorted({**LANDING, **RUN}))
def test_every_step_before_which_work_is_killed_exists(place: str) -> None:
    owner, function = find(place)
    assert callable(getattr(owner, function))


def test_the_same_seed_gives_the_same_plan_with_points_of_every_kind() -> None:
    edges = {
        f"{world} {work}": ["before stage", "after stage", "before commit", "before audit"]
        for world, work in (("first", "landing"), ("second", "landing"), ("second", "run"))
    }
    points = plan(SEED, POINTS, edges)
    assert points == plan(SEED, POINTS, edges)
    assert points != plan(SEED + 1, POINTS, edges)
    assert [point.number for point in points] == list(range(len(points)))
    assert len(points) >= POINTS
    assert {point.group for point in points} == set(GROUPS)
    in_runs = {point.edge for point in points if point.edge and point.group.work == "run"}
    assert in_runs == {"before commit", "before audit"}
