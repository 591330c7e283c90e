"""A plain model of what readers should see after a sequence of events.

It knows nothing of the warehouse: it is the rules of the contract in the fewest words, so that the
warehouse can be compared with it.
"""

import copy
from dataclasses import dataclass, field

#: The steps of a closure in their order. The last one closes.
STEPS = ("STEPS_AGREED", "EVIDENCE", "FORCE", "COMMISSIONER")
SIGNATURES = frozenset({"FORCE", "COMMISSIONER"})
#: The statuses with which nobody can sign, and which reopen a closure.
BAD = frozenset({"slipping", "overdue"})


@dataclass
class Made:
    """A publication: the day that its figures are for, and what it says of the point."""

    day: int
    status: str
    #: The round of the closure that it finds slipped. 0 if it finds none.
    reopens: int = 0
    was_shown: bool = False
    is_kept: bool = False
    waits: bool = False
    #: Whether a roll-back went behind it, and it has not become current again.
    is_withdrawn: bool = False
    was_withdrawn: bool = False
    #: The version that made it. Each has a mart, and columns, that the one before did not have.
    version: int = 0
    has_other_target: bool = False


@dataclass
class Model:
    """What was published, what readers see, and how far the closure of the point is."""

    made: dict[int, Made] = field(default_factory=dict)
    #: The publications in the order in which they became current.
    shown: list[int] = field(default_factory=list)
    holds: bool = False
    #: Whether the last run was killed.
    is_run_open: bool = False
    #: Each step and reopening: its round, its name, and the publication that it was made on.
    record: list[tuple[int, str, int]] = field(default_factory=list)

    def copy(self) -> "Model":
        """Return a copy that further events do not change."""
        return copy.deepcopy(self)

    @property
    def current(self) -> int:
        """The publication that readers see."""
        return self.shown[-1]

    @property
    def round(self) -> int:
        """The round of the closure that is under way."""
        return 1 + sum(step == "REOPENED" for _, step, _ in self.record)

    @property
    def in_force(self) -> list[str]:
        """The steps that are in force, in their order."""
        return [step for number, step, _ in self.record if number == self.round]

    @property
    def next_step(self) -> str | None:
        """The step that comes next, or None if the point is closed."""
        return None if len(self.in_force) == len(STEPS) else STEPS[len(self.in_force)]

    @property
    def lacks_marts(self) -> bool:
        """Whether readers miss a mart, because they see a publication of an earlier version."""
        version = self.made[self.current].version
        return any(n > self.current and made.version > version for n, made in self.made.items())

    def finds_slipped(self, day: int, status: str) -> int:
        """Return the round of the closure that a build for a day finds slipped, or 0.

        A build for a past day does not know what was signed on a later one.
        """
        signed = any(
            number == self.round and step in SIGNATURES and self.made[on].day <= day
            for number, step, on in self.record
        )
        return self.round if signed and status in BAD else 0

    def publish(self, number: int, made: Made, *, make_current: bool) -> None:
        """Publish a build."""
        self.made[number] = made
        if self.shown and made.day < self.made[self.current].day and not make_current:
            made.is_kept = True
        elif not self.holds:
            self._show(number)
        else:
            made.waits = True

    def roll_back(self, number: int) -> None:
        """Make a publication current that was current before."""
        self.holds = number < self.current
        if not self.holds:
            self._leave_behind()
        for later, made in self.made.items():
            if self.holds and later > number and made.was_shown:
                made.is_withdrawn = made.was_withdrawn = True
        self._show(number)

    def release(self) -> None:
        """End the hold, and show the waiting publication with the latest day, if one waits."""
        waiting = [(made.day, number) for number, made in self.made.items() if made.waits]
        self.holds = False
        self._leave_behind()
        if waiting:
            self._show(max(waiting)[1])

    def sign(self) -> bool:
        """Make the next step, and return whether the rules allow it."""
        step = self.next_step
        if step is None or (step in SIGNATURES and self.made[self.current].status in BAD):
            return False
        self.record.append((self.round, step, self.current))
        return True

    def reopen(self) -> bool:
        """Reopen by decision, and return whether there was something to reopen."""
        if not self.in_force:
            return False
        self.record.append((self.round, "REOPENED", self.current))
        return True

    def _leave_behind(self) -> None:
        """End a hold. A later hold does not wait with what this one kept waiting."""
        for made in self.made.values():
            made.waits = False

    def _show(self, number: int) -> None:
        made = self.made[number]
        made.was_shown, made.is_withdrawn = True, False
        self.shown.append(number)
        if made.reopens == self.round and SIGNATURES.intersection(self.in_force):
            self.record.append((self.round, "REOPENED", number))
