"""The report of a trial: how long readers waited, for each phase of the work and kind of reader."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from tests.readers.activity import BY_WEIGHT, PUBLICATION, QUIET, RETENTION, ROLLBACK, Activity
from tests.readers.crowd import Crowd

#: The phases that must not disturb readers.
DISTURBED = (PUBLICATION, ROLLBACK, RETENTION)
#: The highest allowed p99 in the phases `DISTURBED`, as a multiple of the p99 in quiet times. The
#: p99 is the time within which 99 % of the statements are answered.
MOST_RATIO = 2.0


@dataclass(frozen=True)
class Waits:
    """The durations of statements, in seconds."""

    seconds: Sequence[float]

    def at(self, share: float) -> float:
        """Return the number of seconds within which the given share of the statements was answered.

        Return 0 if there are no statements.
        """
        if not self.seconds:
            return 0.0
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True)
class Report:
    """The results of a trial: those of readers, and those of publications and roll-backs."""

    crowd: Crowd
    activity: Activity

    def waits(self, phases: Iterable[str], kind: str | None = None) -> Waits:
        """Return the durations of statements in any of these phases.

        If `kind` is given, only statements of this kind of reader count.
        """
        wanted = set(phases)
        return Waits(
            [
                seconds
                for one in self.crowd.seen
                if kind in (None, one.kind)
                for began, seconds in one.statements
                if self.activity.phases.during(began, seconds) in wanted
            ]
        )

    @property
    def ratio(self) -> float:
        """The p99 of statements in the phases `DISTURBED`, divided by the p99 in quiet times.

        The ratio is infinite if no statement ran in a quiet time.
        """
        quiet = self.waits([QUIET]).at(0.99)
        return self.waits(DISTURBED).at(0.99) / quiet if quiet else float("inf")

    @property
    def faults(self) -> list[str]:
        """All faults: first those that readers found, then those of publications and roll-backs."""
        return [*self.crowd.faults, *self.activity.faults]

    def table(self) -> str:
        """Return the whole report as tables in Markdown."""
        return "\n".join([*self._by_phase(), "", *self._by_kind(), "", *self._events()])

    def as_json(self) -> dict[str, object]:
        """Return the figures that a test checks."""
        return {
            "transactions": self.crowd.transactions,
            "publications": self.activity.publications,
            "rollbacks": self.activity.rollbacks,
            "ratio": self.ratio,
            "attached": self.activity.attached_afterwards,
            "moves": self.activity.moves,
            "commands": self.activity.commands,
            "kinds": sorted({one.kind for one in self.crowd.seen if one.transactions}),
            "faults": self.faults,
        }

    def _by_phase(self) -> Iterable[str]:
        yield "| phase | statements | p50 | p95 | p99 | longest | p99 / p99 undisturbed |"
        yield "|---|---:|---:|---:|---:|---:|---:|"
        quiet = self.waits([QUIET]).at(0.99)
        for name, phases in [*((phase, [phase]) for phase in BY_WEIGHT), ("disturbed", DISTURBED)]:
            found = self.waits(phases)
            ratio = found.at(0.99) / quiet if quiet else float("inf")
            yield (
                f"| {name} | {len(found.seconds):,} | {_ms(found.at(0.5))} | {_ms(found.at(0.95))} "
                f"| {_ms(found.at(0.99))} | {_ms(found.at(1.0))} | {ratio:.2f} |"
            )

    def _by_kind(self) -> Iterable[str]:
        yield "| reader | readers | transactions | faults | p99 quiet | p99 disturbed | ratio |"
        yield "|---|---:|---:|---:|---:|---:|---:|"
        for kind in dict.fromkeys(one.kind for one in self.crowd.seen):
            same = [one for one in self.crowd.seen if one.kind == kind]
            quiet, loud = self.waits([QUIET], kind).at(0.99), self.waits(DISTURBED, kind).at(0.99)
            yield (
                f"| {kind} | {len(same)} | {sum(one.transactions for one in same):,} "
                f"| {sum(len(one.faults) for one in same)} | {_ms(quiet)} | {_ms(loud)} "
                f"| {loud / quiet if quiet else float('inf'):.2f} |"
            )

    def _events(self) -> Iterable[str]:
        activity = self.activity
        yield "| work | times | median | longest |"
        yield "|---|---:|---:|---:|"
        rows = {
            "publication": activity.phases.took.get(PUBLICATION, []),
            "statistics and retention": activity.phases.took.get(RETENTION, []),
            "roll-back, the call": activity.moves,
            "roll-back, the command with Python's start": activity.commands,
        }
        for name, took in rows.items():
            if took:
                yield f"| {name} | {len(took)} | {median(took):.2f} s | {max(took):.2f} s |"
        yield ""
        yield (
            f"Generations attached: up to {max(activity.attached)}, "
            f"{activity.attached_afterwards} after the readers ended. "
            f"Readers saw {len(self.crowd.publications)} publications."
        )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"
