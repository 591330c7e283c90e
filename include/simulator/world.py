"""The simulation of one force: everything that happens from its first day on, day by day."""

from collections.abc import Callable
from datetime import date

from simulator.chance import Chance
from simulator.governance.board_log import BoardLog
from simulator.governance.plans import PlanRegister
from simulator.governance.recommendations import RecommendationLog
from simulator.intelligence.documents import Documents
from simulator.intelligence.output import Output
from simulator.intelligence.reports import Everyday
from simulator.moments import DAY, midnight
from simulator.operations import custody, incidents
from simulator.operations.immigration import Immigration
from simulator.people.careers import Careers
from simulator.people.roster import Roster
from simulator.records import Store
from simulator.training import hydra
from simulator.training.learning_report import learning_events

# Careers are simulated this far ahead of the other events. The reason is that some effects of an
# event follow weeks later, and depend on who is in post at that time.
CAREERS_AHEAD = 120 * DAY

Progress = Callable[[str, int, int], None]


class World:
    """A force, simulated up to some day.

    `size` says how many times as many posts and events it has as Northamptonshire.
    """

    def __init__(self, seed: int, epoch: date, size: float = 1.0) -> None:
        self.chance = Chance(seed)
        self.epoch = epoch
        self.size = size
        self.simulated_until = epoch - DAY
        self.store = Store()
        self.careers = Careers(self.chance, epoch, size)
        self.plans = PlanRegister(self.chance)
        self.recommendations = RecommendationLog(self.chance)
        self.board = BoardLog(self.chance)
        self._roster = Roster(self.careers)
        self._immigration = Immigration(self.chance, self.store, self._roster, size)
        self._documents = Documents(self.chance, self.store, self._roster)
        self._everyday = Everyday(self.chance, self.store, self._roster, size)
        self._output = Output(self.chance, self.store)

    def advance(self, until: date, progress: Progress | None = None) -> None:
        """Simulate until a day, included."""
        self.careers.advance(until + CAREERS_AHEAD)
        total = (until - self.simulated_until).days
        for number in range(1, total + 1):
            self.simulated_until += DAY
            self._simulate_day(self.simulated_until)
            if progress is not None:
                progress("simulating days", number, total)
        self._simulate_training()

    def _simulate_day(self, day: date) -> None:
        self.store.today = midnight(day)
        self._roster.advance(day)
        rng = self.chance.stream("ordinary occurrences", day)
        occurrences = incidents.ordinary_day(self.store, rng, day, self.size)
        rng = self.chance.stream("ordinary custody", day)
        custody.ordinary_day(self.store, rng, self._roster, occurrences)
        for call in self._immigration.day(day, occurrences):
            document = self._documents.follow(call)
            if document is not None:
                self._output.share(document)
        self._everyday.day(day, occurrences)
        self._output.day(day)

    def _simulate_training(self) -> None:
        people, until = self.careers.people, self.simulated_until
        self.learning = learning_events(
            self.chance, people, self.careers.founders, self.epoch, until
        )
        self.sessions = hydra.sessions(self.chance, until)
        self.attendances = hydra.attendances(self.chance, people, self.sessions, until)
