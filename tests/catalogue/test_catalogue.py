"""Test that there are enough defects, that each is caught, and that clean days raise no alarm."""

import subprocess
import sys
from collections import Counter

import pytest

from tests.catalogue.defect import NOTHING, catalogue
from tests.catalogue.findings import Figure, Figures, moved
from tests.crash.world import PROJECT, environment_of_tests


def test_there_are_enough_defects_of_each_stage_and_each_is_described() -> None:
    defects = catalogue()
    stages = Counter(one.stage for one in defects)

    assert len(defects) >= 120
    assert stages["source"] + stages["file"] >= 80
    assert stages["days"] >= 6
    for one in defects:
        assert one.description.endswith("."), one.name
        assert one.caught_by == NOTHING or len(one.caught_by.split()) >= 1, one.name


def test_a_figure_has_moved_if_it_left_its_interval_disappeared_or_is_new() -> None:
    half, nothing = Figure(0.5, 0.4, 0.6), Figure(None, None, None)
    before: Figures = {
        ("within",): half,
        ("beyond",): half,
        ("gone",): half,
        ("hours",): Figure(20.0, None, None),
        ("nothing",): nothing,
    }
    after: Figures = {
        ("within",): Figure(0.6, 0, 1),
        ("beyond",): Figure(0.61, 0, 1),
        ("new",): half,
        ("hours",): Figure(26.0, None, None),
        ("nothing",): nothing,
    }

    assert moved(before, after) == [("beyond",), ("gone",), ("hours",), ("new",)]
    assert moved(before, before) == []


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--clean", "60"]], ids=["defects", "clean days"])
def test_every_defect_is_caught_and_sixty_clean_days_raise_no_alarm(options: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.catalogue", *options],
        cwd=PROJECT,
        env=environment_of_tests(),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0
