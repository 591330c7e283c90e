"""Collar numbers. Another person can get a number four weeks after its holder has left."""

from datetime import date, timedelta

from simulator.chance import Stream

REST = timedelta(days=28)
REUSED = 0.75
# The probability that a number is issued too early: its last holder is still in post, or has left
# less than four weeks ago.
GIVEN_TOO_EARLY = 0.02
# The first collar number of each employment type.
FIRST_NUMBERS = {"OFFICER": 101, "SPECIAL": 5001, "PCSO": 7001, "STAFF": 8001}


class Collars:
    """Issues collar numbers: new numbers, and numbers whose last holder has left."""

    def __init__(self) -> None:
        self._next = dict(FIRST_NUMBERS)
        self._resting: dict[str, list[tuple[date, str]]] = {kind: [] for kind in FIRST_NUMBERS}

    def issue(self, kind: str, day: date, rng: Stream) -> str:
        """Return a collar number, valid from a day on. Usually another person had it before."""
        waiting = self._resting[kind]
        free_by = day + 2 * REST if rng.happens(GIVEN_TOO_EARLY) else day
        free = [entry for entry in waiting if entry[0] <= free_by]
        if free and rng.happens(REUSED):
            # If the number is given too early, its last holder may still have it. Then two people
            # have it for a while. So the number that becomes free last is chosen.
            entry = max(free) if free_by > day else min(free)
            waiting.remove(entry)
            return entry[1]
        self._next[kind] += 1
        return str(self._next[kind] - 1)

    def release(self, kind: str, collar: str, last_day: date) -> None:
        """Take a number back. It can be reissued four weeks after its holder's last day."""
        self._resting[kind].append((last_day + REST, collar))
