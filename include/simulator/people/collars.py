"""Collar numbers. A number can be used again four weeks after its holder has left."""

from datetime import date, timedelta

from simulator.chance import Stream

REST = timedelta(days=28)
REUSED = 0.75
# Sometimes a number is issued while its holder is still in post.
GIVEN_TOO_EARLY = 0.02
# The first number of each employment type.
FIRST_NUMBERS = {"OFFICER": 101, "SPECIAL": 5001, "PCSO": 7001, "STAFF": 8001}


class Collars:
    """Issues collar numbers, new ones and used ones."""

    def __init__(self) -> None:
        self._next = dict(FIRST_NUMBERS)
        self._resting: dict[str, list[tuple[date, str]]] = {kind: [] for kind in FIRST_NUMBERS}

    def issue(self, kind: str, day: date, rng: Stream) -> str:
        """Issue a number on a day, usually one that somebody had before."""
        waiting = self._resting[kind]
        free_by = day + 2 * REST if rng.happens(GIVEN_TOO_EARLY) else day
        free = [entry for entry in waiting if entry[0] <= free_by]
        if free and rng.happens(REUSED):
            # For an early issue, the number that is free last: two people then share it.
            entry = max(free) if free_by > day else min(free)
            waiting.remove(entry)
            return entry[1]
        self._next[kind] += 1
        return str(self._next[kind] - 1)

    def release(self, kind: str, collar: str, last_day: date) -> None:
        """Return a number after its holder's last day."""
        self._resting[kind].append((last_day + REST, collar))
