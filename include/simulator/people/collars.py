"""Collar numbers: a number is free for another four weeks after its holder has left."""

from datetime import date, timedelta

from simulator.chance import Stream

REST = timedelta(days=28)
REUSED = 0.75
# Now and then a number is given out while its holder is still working his notice.
GIVEN_TOO_EARLY = 0.02
# The last numbers of the hundreds above those in use, by kind of employment.
FIRST_NUMBERS = {"OFFICER": 101, "SPECIAL": 5001, "PCSO": 7001, "STAFF": 8001}


class Collars:
    """The numbers in use and those that wait to be given out again."""

    def __init__(self) -> None:
        self._next = dict(FIRST_NUMBERS)
        self._resting: dict[str, list[tuple[date, str]]] = {kind: [] for kind in FIRST_NUMBERS}

    def issue(self, kind: str, day: date, rng: Stream) -> str:
        """Give out a number on a day: mostly one that somebody had before."""
        waiting = self._resting[kind]
        free_by = day + 2 * REST if rng.happens(GIVEN_TOO_EARLY) else day
        free = [entry for entry in waiting if entry[0] <= free_by]
        if free and rng.happens(REUSED):
            # The latest that is free: somebody given a number too early really shares it.
            entry = max(free) if free_by > day else min(free)
            waiting.remove(entry)
            return entry[1]
        self._next[kind] += 1
        return str(self._next[kind] - 1)

    def release(self, kind: str, collar: str, last_day: date) -> None:
        """Take a number back after its holder's last day."""
        self._resting[kind].append((last_day + REST, collar))
