"""The report of a trial: what readers found wrong, and how long they waited in each phase."""

from dataclasses import dataclass

from tests.readers.activity import PUBLICATION, QUIET, RETENTION, ROLLBACK, Activity
from tests.readers.crowd import Crowd

#: The phases that must not disturb readers.
DISTURBED = (PUBLICATION, ROLLBACK, RETENTION)
#: The highest allowed p99 in the phases `DISTURBED`, as a multiple of the p99 in quiet times. The
#: p99 is the time within which 99 % of the statements are answered.
MOST_RATIO = 2.0


@dataclass(frozen=True)
class Report:
    """The results of a trial: those of readers, and those of publications and roll-backs."""

    crowd: Crowd
    activity: Activity

    @property
    def ratio(self) -> float:
        """The p99 of statements in the phases `DISTURBED`, divided by the p99 in quiet times.

        The ratio is infinite if no statement ran in a quiet time.
        """
        quiet = self._p99(QUIET)
        return self._p99(*DISTURBED) / quiet if quiet else float("inf")

    def _p99(self, *phases: str) -> float:
        ordered = sorted(
            seconds
            for one in self.crowd.seen
            for began, seconds in one.statements
            if self.activity.phases.during(began, seconds) in phases
        )
        return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] if ordered else 0.0

    @property
    def faults(self) -> list[str]:
        """All faults: first those that readers found, then those of publications and roll-backs."""
        return [*self.crowd.faults, *self.activity.faults]
