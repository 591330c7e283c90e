"""Publish a week in which every kind of event happens, and reproduce every publication exactly."""

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import pytest

from tests.crash.world import PROJECT, environment_of_tests
from tests.year.days import (
    CLOCK_CHANGES,
    EVENTS,
    FIRST,
    LAST,
    MONTH_ENDS,
    Day,
    Event,
    short,
    whole_year,
)


@pytest.mark.slow
def test_every_publication_of_a_week_is_reproduced(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.year", "--short", "--root", str(tmp_path)]
    for only in ("publish", "reproduce"):
        done = subprocess.run(
            [*command, "--only", only], cwd=PROJECT, env=environment_of_tests(),
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
    results = [json.loads(line) for line in (tmp_path / "reproduced.jsonl").open()]
    assert [one["differing"] for one in results] == [[] for _ in results]
    assert done.returncode == 0
    # Each day has one publication. On the day on which an earlier moment is run, there is one more.
    # No two publications have the same content.
    assert len(results) == len(short()) + 1
    assert len({one["content"] for one in results}) == len(results)


def test_the_year_has_every_difficult_day_and_every_week() -> None:
    days = {one.day for one in whole_year()}
    for change in CLOCK_CHANGES:
        assert {change + timedelta(days=n) for n in range(-3, 4)} <= days
    for end in MONTH_ENDS:
        assert {end - timedelta(days=1), end, end + timedelta(days=1)} <= days
    weeks = {day.isocalendar()[:2] for day in days}
    assert len(weeks) == (LAST - FIRST).days // 7 + 1
    assert {date(2025, 12, 31), date(2026, 4, 30)} <= days
    assert EVENTS.keys() <= days


@pytest.mark.parametrize("days", [whole_year(), short()])
def test_every_kind_of_event_happens(days: list[Day]) -> None:
    assert {one.event for one in days} - {None} == set(get_args(Event))
