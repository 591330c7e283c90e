"""At least 200 kill points: after each, running again gives what an undisturbed run gives."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.points import GROUPS, plan
from tests.crash.report import not_converged
from tests.crash.world import PROJECT, environment_of_tests

POINTS, SEED = 200, 7


@pytest.mark.slow
def test_killed_anywhere_it_converges(tmp_path: Path) -> None:
    told = tmp_path / "results.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", "--points", str(POINTS), "--seed", str(SEED),
         "--json", str(told)],
        cwd=PROJECT, env=environment_of_tests(), stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    results = json.loads(told.read_text())
    assert not_converged(results) == []
    assert done.returncode == 0
    assert len(results) >= POINTS
    kinds = {result["point"]["group"] for result in results if result["interrupted"]}
    # Of every kind some met the work, those under the scheduler among them.
    assert kinds > {group.name for group in GROUPS}


def test_equal_seeds_make_equal_plans_with_points_of_every_kind() -> None:
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
