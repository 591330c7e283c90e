"""E-learning: four modules, studied in waves after reminders, with failures and second attempts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from simulator.chance import Chance, Stream
from simulator.moments import DAY, after, at, clock_goes_back
from simulator.organisation.posts import ELEARNING_ROLES
from simulator.people.person import Person

COURSE = "OIC-EL"
MODULES = ("OIC-EL-1", "OIC-EL-2", "OIC-EL-3", "OIC-EL-4")
VERSION = "1"
LAUNCH = date(2025, 6, 1)
REMINDERS = (
    date(2025, 6, 9),
    date(2025, 9, 8),
    date(2025, 11, 10),
    date(2026, 1, 12),
    date(2026, 2, 23),
    date(2026, 3, 23),
    date(2026, 4, 13),
    date(2026, 4, 24),
    date(2026, 5, 11),
    date(2026, 6, 1),
    date(2026, 6, 22),
    date(2026, 7, 13),
    date(2026, 8, 3),
    date(2026, 9, 7),
    date(2026, 10, 12),
)
LATER_REMINDERS = timedelta(weeks=5)
# The probability that a reminder makes a person start, for the lowest and for the highest keenness.
STARTS_AFTER_REMINDER = (0.165, 0.52)
STARTS_AFTER_INDUCTION = 0.82
MOST_REMINDERS = 60
PILOT_KEENNESS = 0.982
PASS_MARK = 70
FAILS = 0.07
PAUSES = 0.07
WRONG_VERSION = 0.012
RETAKES_LATER = 0.03
VOLUNTEERS = 0.02
HOURS = {hour: 1.0 + 5.0 * (8 <= hour < 17) + 2.0 * (18 <= hour < 23) for hour in range(24)}


@dataclass(frozen=True, slots=True)
class LearningEvent:
    """One line of the learning management system's report."""

    employee_no: str
    course: str
    module: str
    version: str
    status: str
    at: datetime | None  # when the module was completed or failed
    score: int | None
    logged_at: datetime
    at_text: str | None = None  # the report shows this text instead of `at`
    entry_error: str | None = None  # the column with the entry error


def reminders(first: date) -> Iterator[date]:
    """Yield the days of reminders from the day `first` on, without end."""
    for day in REMINDERS:
        if day >= first:
            yield day
    day = REMINDERS[-1]
    while True:
        day += LATER_REMINDERS
        if day >= first:
            yield day


class Learner:
    """One person's progress through the modules."""

    def __init__(self, chance: Chance, person: Person) -> None:
        self._person = person
        self._rng: Stream = chance.stream("e-learning", person.employee_no)
        self.events: list[LearningEvent] = []

    def study(self) -> list[LearningEvent]:
        """Return all the person's events up to the day until which the career is simulated."""
        person, rng = self._person, self._rng
        volunteer = rng.happens(VOLUNTEERS)
        if person.keenness > PILOT_KEENNESS and self._is_relevant(LAUNCH - 20 * DAY):
            self._modules(LAUNCH - 20 * DAY, MODULES, sure=True)
            if rng.happens(0.4):
                return self.events  # a person who took part in the pilot never repeats its modules
        done = 0
        for start, end in self._spells(volunteer):
            first_day = self._begins(start)
            if first_day is None or first_day >= end:
                continue
            done += self._modules(first_day, MODULES[done:], until=end)
            if done == len(MODULES):
                break
        return self.events

    def _is_relevant(self, day: date) -> bool:
        role = self._person.posting_on(day).role
        return self._person.is_in_post(day) and role in ELEARNING_ROLES

    def _spells(self, volunteer: bool) -> list[tuple[date, date]]:
        """Return the periods in which the person should do e-learning.

        Each period is its first day and the day after its last day. A volunteer does e-learning in
        every role.
        """
        spells: list[tuple[date, date]] = []
        postings = self._person.postings
        last = date.max if self._person.left is None else self._person.left + DAY
        for number, posting in enumerate(postings):
            end = postings[number + 1].since if number + 1 < len(postings) else last
            start = max(posting.since, LAUNCH)
            if start >= end or not (volunteer or posting.role in ELEARNING_ROLES):
                continue
            if spells and spells[-1][1] == start:
                spells[-1] = (spells[-1][0], end)
            else:
                spells.append((start, end))
        return spells

    def _begins(self, eligible: date) -> date | None:
        """Enrol the person. Return the day on which the person starts the first module.

        Return None if the person does not react to any reminder.
        """
        rng = self._rng
        self._log(MODULES[0], "ENROLLED", after(at(eligible + DAY, 6), hours=rng.random()))
        if eligible > LAUNCH and rng.happens(STARTS_AFTER_INDUCTION):
            return eligible + rng.randint(3, 21) * DAY
        lowest, highest = STARTS_AFTER_REMINDER
        probability = lowest + (highest - lowest) * self._person.keenness
        for number, reminder in enumerate(reminders(eligible)):
            if rng.happens(probability):
                return reminder + int(rng.expovariate(1 / 7)) * DAY
            if number > MOST_REMINDERS:
                return None
        return None

    def _modules(
        self, day: date, modules: tuple[str, ...], *, until: date = date.max, sure: bool = False
    ) -> int:
        """Study one module after the other, until the day `until`.

        Returns how many modules were passed. With `sure`, the person makes no long pauses.
        """
        rng = self._rng
        for number, module in enumerate(modules):
            if number and rng.happens(PAUSES) and not sure:
                day = next(reminders(day + DAY)) + rng.randint(0, 9) * DAY
            elif number:
                day += int(rng.expovariate(1 / 2.0)) * DAY
            day = self._back_at_work(day)
            if day >= until:
                return number
            day = self._one_module(day, module)
        return len(modules)

    def _back_at_work(self, day: date) -> date:
        absence = self._person.absence_on(day)
        return day if absence is None else absence.until + self._rng.randint(4, 24) * DAY

    def _one_module(self, day: date, module: str) -> date:
        """Try a module until it is passed. Return the day on which it is passed.

        A person may pass the wrong version of the module and never notice. Then return the day on
        which that version was passed.
        """
        rng = self._rng
        if rng.happens(0.35):
            self._log(module, "IN_PROGRESS", at(day, 7.5))
        if rng.happens(WRONG_VERSION):
            self._result(day, module, rng.randint(PASS_MARK, 100), version="0.9")
            if rng.happens(0.3):
                return day  # the person never notices that the version was wrong
            day = next(reminders(day + DAY)) + rng.randint(0, 9) * DAY
        while rng.happens(FAILS):
            self._result(day, module, rng.randint(35, PASS_MARK - 1))
            day += rng.randint(1, 6) * DAY
        self._result(day, module, min(100, max(PASS_MARK, int(rng.gauss(86, 8)))))
        if rng.happens(RETAKES_LATER):
            self._result(day + rng.randint(40, 200) * DAY, module, rng.randint(PASS_MARK, 100))
        return day

    def _result(self, day: date, module: str, score: int, version: str = VERSION) -> None:
        rng = self._rng
        # All random draws come before the check whether the person is in post. In a later call, in
        # which the career has been simulated further, the check can have another result. The draws
        # for the following events must be the same in both calls.
        hour = rng.weighted(HOURS) + rng.random()
        on_nights, small_hour = rng.happens(0.6), rng.uniform(1, 3)
        lag = rng.uniform(24, 130) if rng.happens(0.012) else rng.uniform(0, 0.3)
        if clock_goes_back(day) or (clock_goes_back(day + DAY) and on_nights):
            # The person is on night duty and completes the module in the hour that the clock
            # repeats.
            day, hour = (day if clock_goes_back(day) else day + DAY), small_hour
        if not self._person.is_in_post(day):
            return
        # The system reports whole minutes.
        moment = at(day, int(hour * 60) / 60)
        score = max(score, 0)
        status = "COMPLETED" if score >= PASS_MARK else "FAILED"
        self._log(module, status, after(moment, hours=lag), moment, score, version)

    def _log(
        self,
        module: str,
        status: str,
        logged_at: datetime,
        moment: datetime | None = None,
        score: int | None = None,
        version: str = VERSION,
    ) -> None:
        self.events.append(
            LearningEvent(
                self._person.employee_no,
                COURSE,
                module,
                version,
                status,
                moment,
                score,
                logged_at,
            )
        )
