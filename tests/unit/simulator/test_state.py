import json
from datetime import date
from pathlib import Path

import pytest

from oic_assurance.errors import AssuranceError, UsageError
from simulator import state

NEW_YEAR, NEXT_DAY = date(2026, 1, 1), date(2026, 1, 2)


def started() -> state.State:
    saved, _ = state.next_period(None, 5, date(2025, 6, 1), NEW_YEAR)
    return saved


def test_the_first_range_starts_the_force() -> None:
    saved, period = state.next_period(None, 5, date(2025, 6, 1), NEW_YEAR)
    assert period.is_first
    assert saved.epoch == date(2025, 1, 1)
    assert saved.daily_since == date(2025, 10, 27)  # the Monday of the week 60 days before


def test_an_earlier_first_range_gives_an_earlier_epoch() -> None:
    saved, _ = state.next_period(None, 5, date(2019, 4, 1), NEW_YEAR)
    assert saved.epoch == date(2019, 1, 1)


def test_a_later_range_continues_it() -> None:
    saved, period = state.next_period(started(), 5, NEXT_DAY, date(2026, 1, 9))
    assert (saved.first, saved.last) == (date(2025, 6, 1), date(2026, 1, 9))
    assert not period.is_first


@pytest.mark.parametrize(
    ("seed", "start", "end", "message"),
    [
        (6, NEXT_DAY, NEXT_DAY, "There is already a force of seed 5"),
        (5, date(2026, 1, 5), date(2026, 1, 9), "The next range begins on 2026-01-02"),
        (5, date(2025, 5, 31), NEXT_DAY, "cannot begin earlier"),
        (5, date(2025, 12, 1), date(2025, 12, 2), "cannot end earlier"),
        (5, NEXT_DAY, NEW_YEAR, "before its start"),
    ],
)
def test_a_range_that_does_not_fit_is_one_clear_line(
    seed: int, start: date, end: date, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        state.next_period(started(), seed, start, end)


def test_a_force_keeps_its_size() -> None:
    first, days = date(2025, 6, 1), (NEXT_DAY, NEXT_DAY)
    small, _ = state.next_period(None, 5, first, NEW_YEAR, 0.5)
    assert state.next_period(small, 5, *days)[0].size == 0.5
    assert state.next_period(small, 5, *days, 0.5)[0].size == 0.5
    with pytest.raises(
        UsageError, match=r"a force of size 0\.5 .* cannot have size 2\. Use another"
    ):
        state.next_period(small, 5, *days, 2.0)


def test_a_saved_state_without_a_size_has_size_1(tmp_path: Path) -> None:
    state.write(tmp_path, started())
    path = tmp_path / state.FILE
    saved = json.loads(path.read_text())
    del saved["size"]
    path.write_text(json.dumps(saved))
    assert state.read(tmp_path) == started()


def test_a_saved_state_can_be_read(tmp_path: Path) -> None:
    assert state.read(tmp_path) is None
    state.write(tmp_path, started())
    assert state.read(tmp_path) == started()


@pytest.mark.parametrize("content", ["", "[]", '{"seed": 5}', '{"seed": "x", "epoch": "y"}'])
def test_a_broken_state_is_one_clear_line(tmp_path: Path, content: str) -> None:
    (tmp_path / state.FILE).write_text(content)
    with pytest.raises(AssuranceError, match="the state of the simulated force"):
        state.read(tmp_path)
