"""Print how often the forecasts of made-up forces held, for `docs/explanation/forecast.md`.

Each force is simulated for almost three years. On each day before the target is first reached, the
forecast is made from what had happened by then, and compared with the day on which it was reached.
Run this module with `python -m tests.integration.builds.forecast_rates`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from simulator.chance import Chance
from simulator.moments import DAY, days
from simulator.organisation.posts import ELEARNING_ROLES, HYDRA_ROLES
from simulator.people.careers import Careers
from simulator.people.person import Person
from simulator.training import elearning, hydra
from simulator.training.learning_report import learning_events
from tests.oracle.forecast import Forecast, day_at, limit_by_places, pace

SEEDS = range(1, 17)
EPOCH, END = date(2025, 1, 1), date(2027, 11, 30)
TARGET, WEEKS = 95, 4
Figures = dict[date, tuple[int, int]]


def main() -> None:
    """Print what share of the ranges has the day on which the target was reached."""
    paces: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for seed in SEEDS:
        chance = Chance(seed)
        careers = Careers(chance, EPOCH, 1.0)
        careers.advance(END + 120 * DAY)
        people = careers.people
        events = learning_events(chance, people, careers.founders, EPOCH, END)
        studied = _figures(people, ELEARNING_ROLES, elearning.LAUNCH, _all_modules(events))
        for found, reached in _forecasts(studied, lambda *_: None):
            paces[_verdict(found, reached)] += 1
        sessions = hydra.sessions(chance, END)
        passes: dict[str, date] = {}
        used: Counter[date] = Counter()
        for one in hydra.attendances(chance, people, sessions, END):
            if one.outcome == "PASS":
                passes.setdefault(one.employee_no, one.session.day)
                used[one.session.day] += 1
        planned = [(one.day, one.capacity, used[one.day]) for one in sessions]
        trained = _figures(people, HYDRA_ROLES, hydra.LAUNCH, passes)

        def by_places(
            found: Forecast, today: date, known: list[tuple[date, int, int]] = planned
        ) -> None:
            limit_by_places(
                found, [s for s in known if s[0] - hydra.ANNOUNCED_AHEAD <= today], today
            )

        for found, reached in _forecasts(trained, by_places):
            if found.forecast_earliest is not None:
                places[_verdict(found, reached)] += 1
    for name, counts in (("pace", paces), ("places", places)):
        total = sum(counts.values())
        print(name, total, {key: f"{number / total:.1%}" for key, number in counts.items()})


def _all_modules(events: list[elearning.LearningEvent]) -> dict[str, date]:
    """Return the day on which each person had completed all modules."""
    first: dict[tuple[str, str], date] = {}
    for one in events:
        is_right = one.module in elearning.MODULES and one.version == elearning.VERSION
        day = one.at.date() if one.at is not None and one.status == "COMPLETED" else date.min
        if is_right and day >= elearning.LAUNCH:
            first.setdefault((one.employee_no, one.module), day)
    of_person: dict[str, list[date]] = {}
    for (person, _), day in first.items():
        of_person.setdefault(person, []).append(day)
    return {
        person: max(done)
        for person, done in of_person.items()
        if len(done) == len(elearning.MODULES)
    }


def _figures(
    people: list[Person], roles: frozenset[str], start: date, done: dict[str, date]
) -> Figures:
    """Return how many have completed, and of how many, on each day."""
    found: Figures = {}
    for day in days(start, END):
        relevant = [
            done.get(one.employee_no, date.max) <= day
            for one in people
            if one.is_working(day) and one.posting_on(day).role in roles
        ]
        found[day] = (sum(relevant), len(relevant))
    return found


def _forecasts(
    figures: Figures, limit: Callable[[Forecast, date], None]
) -> Iterator[tuple[Forecast, date | None]]:
    """Yield the forecast of each day before the target is reached, and the day on which it is."""
    met = [day for day, (hits, total) in figures.items() if 100 * hits >= TARGET * total]
    reached = min(met, default=None)
    numbers = {day: hits for day, (hits, _) in figures.items()}
    for today in days(min(figures), (reached or END) - DAY):
        hits, total = figures[today]
        measured = pace(numbers, today, WEEKS)
        if measured is None or (reached is None and today > END - timedelta(days=365)):
            continue
        outstanding = -(-TARGET * total // 100) - hits
        found = Forecast(
            outstanding,
            forecast_earliest=day_at(outstanding, measured.fastest, today),
            forecast_latest=day_at(outstanding, measured.slowest, today),
        )
        limit(found, today)
        yield found, reached


def _verdict(found: Forecast, reached: date | None) -> str:
    first, last, day = found.forecast_earliest, found.forecast_latest, reached or date.max
    if first is None or first > day:
        return "begins too late"
    if last is not None and last < day:
        return "ends too early"
    return "holds, with a latest day" if last is not None else "holds, without a latest day"


if __name__ == "__main__":
    main()
