"""What is told at the end: how long readers waited, by what was done meanwhile and by kind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from tests.readers.crowd import Crowd
from tests.readers.storm import BY_WEIGHT, PUBLICATION, QUIET, RETENTION, ROLLBACK, Storm

#: What readers must not notice.
DISTURBED = (PUBLICATION, ROLLBACK, RETENTION)
#: p99 while disturbed, beside p99 in the quiet before.
BAR = 2.0


@dataclass(frozen=True)
class Waits:
    """How long statements took, in seconds."""

    seconds: Sequence[float]

    def at(self, share: float) -> float:
        """Return the time within which this share of the statements was answered."""
        if not self.seconds:
            return 0.0
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True)
class Report:
    """A storm and the crowd that was in it."""

    crowd: Crowd
    storm: Storm

    def waits(self, phases: Iterable[str], kind: str | None = None) -> Waits:
        """Return how long statements took while any of these was done, of all kinds or one."""
        wanted = set(phases)
        return Waits(
            [
                seconds
                for one in self.crowd.seen
                if kind in (None, one.kind)
                for began, seconds in one.statements
                if self.storm.diary.during(began, seconds) in wanted
            ]
        )

    @property
    def ratio(self) -> float:
        """The p99 of statements that were disturbed, beside that of those that were not."""
        quiet = self.waits([QUIET]).at(0.99)
        return self.waits(DISTURBED).at(0.99) / quiet if quiet else float("inf")

    @property
    def faults(self) -> list[str]:
        """Everything that should not have been, first what readers noticed."""
        return [*self.crowd.faults, *self.storm.faults]

    def table(self) -> str:
        """Return all of it as tables in Markdown."""
        return "\n".join([*self._by_phase(), "", *self._by_kind(), "", *self._events()])

    def as_json(self) -> dict[str, object]:
        """Return the figures that a test looks at."""
        return {
            "transactions": self.crowd.transactions,
            "publications": self.storm.publications,
            "rollbacks": self.storm.rollbacks,
            "ratio": self.ratio,
            "attached": self.storm.attached_afterwards,
            "moves": self.storm.moves,
            "commands": self.storm.commands,
            "kinds": sorted({one.kind for one in self.crowd.seen if one.transactions}),
            "faults": self.faults,
        }

    def _by_phase(self) -> Iterable[str]:
        yield "| meanwhile | statements | p50 | p95 | p99 | longest | p99 beside undisturbed |"
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
        yield "| reader | readers | transactions | faults | p99 undisturbed | disturbed | beside |"
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
        storm = self.storm
        yield "| work | times | median | longest |"
        yield "|---|---:|---:|---:|"
        rows = {
            "publication": storm.diary.took.get(PUBLICATION, []),
            "statistics and retention": storm.diary.took.get(RETENTION, []),
            "roll-back, the call": storm.moves,
            "roll-back, the command from Python's start": storm.commands,
        }
        for name, took in rows.items():
            if took:
                yield f"| {name} | {len(took)} | {median(took):.2f} s | {max(took):.2f} s |"
        yield ""
        yield (
            f"Generations attached: up to {max(storm.attached)}, {storm.attached_afterwards} when "
            f"readers had gone; {len(self.crowd.publications)} publications were seen."
        )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"
