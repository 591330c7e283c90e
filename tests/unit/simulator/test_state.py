from datetime import date
from pathlib import Path

import pytest

from oic_assurance.errors import AssuranceError, UsageError
from simulator import state

NEW_YEAR, NEXT_DAY = date(2026, 1, 1), date(2026, 1, 2)


def begun() -> state.State:
    kept, _ = state.next_period(None, 5, date(2025, 6, 1), NEW_YEAR)
    return kept


def test_a_first_range_opens_the_force() -> None:
    kept, period = state.next_period(None, 5, date(2025, 6, 1), NEW_YEAR)
    assert period.is_first
    assert kept.epoch == date(2025, 1, 1)
    assert kept.daily_since == date(2025, 10, 27)  # the Monday of the week 60 days before


def test_a_force_that_is_shown_from_earlier_begins_earlier() -> None:
    kept, _ = state.next_period(None, 5, date(2019, 4, 1), NEW_YEAR)
    assert kept.epoch == date(2019, 1, 1)


def test_a_later_range_continues_it() -> None:
    kept, period = state.next_period(begun(), 5, NEXT_DAY, date(2026, 1, 9))
    assert (kept.first, kept.last) == (date(2025, 6, 1), date(2026, 1, 9))
    assert not period.is_first


@pytest.mark.parametrize(
    ("seed", "start", "end", "message"),
    [
        (6, NEXT_DAY, NEXT_DAY, "There is already a force of seed 5"),
        (5, date(2026, 1, 5), date(2026, 1, 9), "the next range begins on 2026-01-02"),
        (5, date(2025, 5, 31), NEXT_DAY, "cannot begin before that"),
        (5, date(2025, 12, 1), date(2025, 12, 2), "cannot end before that"),
        (5, NEXT_DAY, NEW_YEAR, "before its start"),
    ],
)
def test_a_range_that_does_not_fit_is_one_clear_line(
    seed: int, start: date, end: date, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        state.next_period(begun(), seed, start, end)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    assert state.read(tmp_path) is None
    state.write(tmp_path, begun())
    assert state.read(tmp_path) == begun()


@pytest.mark.parametrize("content", ["", "[]", '{"seed": 5}', '{"seed": "x", "epoch": "y"}'])
def test_a_broken_state_is_one_clear_line(tmp_path: Path, content: str) -> None:
    (tmp_path / state.FILE).write_text(content)
    with pytest.raises(AssuranceError, match="the state of the simulated force"):
        state.read(tmp_path)
