"""The saved state of a simulated force, so that a later call can continue the force."""

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from oic_assurance.errors import AssuranceError, UsageError
from simulator.moments import DAY
from simulator.period import Period, daily_personnel_since

FILE = "state.json"
# The first simulated day. It is months before the inspection's report, so that careers are under
# way when the report is published. If the range starts in an earlier year, the simulation begins on
# 1 January of that year.
USUAL_EPOCH = date(2025, 1, 1)


@dataclass(frozen=True)
class State:
    """A force that has been simulated.

    `epoch` is its first simulated day. The sources show the days from `first` to `last`.
    `size` is its size as a multiple of Northamptonshire.
    """

    seed: int
    epoch: date
    first: date
    last: date
    daily_since: date
    size: float = 1.0

    @property
    def whole(self) -> Period:
        """The period of all visible days."""
        return Period(self.first, self.first, self.last, self.daily_since)


def read(folder: Path) -> State | None:
    """Return the saved state of the force, or None if no force was simulated.

    Raises:
        AssuranceError: the file cannot be read.
    """
    path = folder / FILE
    if not path.exists():
        return None
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        dates = {
            name: date.fromisoformat(saved[name])
            for name in ("epoch", "first", "last", "daily_since")
        }
        return State(seed=int(saved["seed"]), size=float(saved.get("size", 1.0)), **dates)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AssuranceError(
            f"{path}, the state of the simulated force, cannot be read ({error}). Remove the state"
            " folder to start a new force."
        ) from error


def write(folder: Path, state: State) -> None:
    """Save the state."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = {
        "seed": state.seed,
        "size": state.size,
        "epoch": state.epoch.isoformat(),
        "first": state.first.isoformat(),
        "last": state.last.isoformat(),
        "daily_since": state.daily_since.isoformat(),
    }
    draft = folder / f"{FILE}.part"
    draft.write_text(json.dumps(saved, indent=2) + "\n", encoding="utf-8")
    draft.replace(folder / FILE)


def next_period(
    current: State | None, seed: int, start: date, end: date, size: float | None = None
) -> tuple[State, Period]:
    """Return the state that the force will have after a range, and the period to simulate.

    A size of None means the size that the force has, or 1 for a new force.

    Raises:
        UsageError: the range, the seed or the size does not fit the current state.
    """
    if end < start:
        raise UsageError(f"The range ends on {end}, before its start on {start}.")
    if current is None:
        epoch = min(USUAL_EPOCH, date(start.year, 1, 1))
        state = State(seed, epoch, start, end, daily_personnel_since(end), size or 1.0)
    else:
        _check_continues(current, seed, start, end, size)
        state = replace(current, last=end)
    return state, Period(state.first, start, end, state.daily_since)


def _check_continues(current: State, seed: int, start: date, end: date, size: float | None) -> None:
    days = f"from {current.first} to {current.last}"
    if seed != current.seed:
        raise UsageError(
            f"There is already a force of seed {current.seed} ({days}). Use that seed to continue"
            " it, or another ASSURANCE_HOME to simulate a new force."
        )
    if size is not None and size != current.size:
        raise UsageError(
            f"There is already a force of size {current.size:g} ({days}), so it cannot have size"
            f" {size:g}. Use another ASSURANCE_HOME to simulate a new force."
        )
    if start < current.first:
        raise UsageError(f"The force is simulated {days}. A range cannot begin earlier.")
    if start > current.last + DAY:
        raise UsageError(
            f"The force is simulated {days}. The next range begins on {current.last + DAY}."
        )
    if end < current.last:
        raise UsageError(f"The force is simulated {days}. A range cannot end earlier.")
