"""What has been simulated so far, kept so that a later range goes on from there."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from oic_assurance.errors import AssuranceError, UsageError
from simulator.moments import DAY
from simulator.period import Period, daily_personnel_since

FILE = "state.json"
# A force begins here, or at the start of an earlier year when it is to be shown from there: long
# enough before the inspection's report for careers to be under way.
USUAL_EPOCH = date(2025, 1, 1)


@dataclass(frozen=True)
class State:
    """A force that has been simulated until some day."""

    seed: int
    epoch: date
    first: date
    last: date
    daily_since: date

    @property
    def whole(self) -> Period:
        """All days that are shown."""
        return Period(self.first, self.first, self.last, self.daily_since)


def read(folder: Path) -> State | None:
    """Return what has been simulated, or None."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        dates = {
            name: date.fromisoformat(kept[name])
            for name in ("epoch", "first", "last", "daily_since")
        }
        return State(seed=int(kept["seed"]), **dates)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AssuranceError(
            f"{path} cannot be read ({error}): it says what has been simulated so far. Remove the"
            " state folder to start a new force."
        ) from error


def write(folder: Path, state: State) -> None:
    """Keep what has been simulated."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {
        "seed": state.seed,
        "epoch": state.epoch.isoformat(),
        "first": state.first.isoformat(),
        "last": state.last.isoformat(),
        "daily_since": state.daily_since.isoformat(),
    }
    half = folder / f"{FILE}.part"
    half.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    half.replace(folder / FILE)


def next_period(before: State | None, seed: int, start: date, end: date) -> tuple[State, Period]:
    """Return what a range makes of what has been simulated, or say why it cannot be."""
    if end < start:
        raise UsageError(f"The range ends on {end}, before it begins on {start}.")
    if before is None:
        epoch = min(USUAL_EPOCH, date(start.year, 1, 1))
        state = State(seed, epoch, start, end, daily_personnel_since(end))
    else:
        _check_continues(before, seed, start, end)
        state = State(seed, before.epoch, before.first, end, before.daily_since)
    return state, Period(state.first, start, end, state.daily_since)


def _check_continues(before: State, seed: int, start: date, end: date) -> None:
    shown = f"from {before.first} to {before.last}"
    if seed != before.seed:
        raise UsageError(
            f"A force of seed {before.seed} is there already ({shown}): continue it with that"
            " seed, or use another ASSURANCE_HOME for a new one."
        )
    if start < before.first:
        raise UsageError(f"The force is shown {shown}; a range cannot begin before that.")
    if start > before.last + DAY:
        raise UsageError(
            f"The force is shown {shown}: the next range begins on {before.last + DAY}."
        )
    if end < before.last:
        raise UsageError(f"The force is shown {shown}; a range cannot end before that.")
