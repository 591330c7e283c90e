"""All events that the learning management system reports.

The events include other courses and entry errors.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from simulator.chance import Chance, Stream
from simulator.moments import after, at, clock_goes_forward, days
from simulator.people.person import Person
from simulator.training.elearning import COURSE, LAUNCH, Learner, LearningEvent

OTHER_COURSES = {
    ("GDPR-24", "GDPR-24-1"): 0.4,
    ("UOF-REFRESH", "UOF-1"): 0.35,
    ("FIRST-AID", "FA-ANNUAL"): 0.25,
}
OTHER_EVENTS_A_DAY = 5.0
# The share of scores that the system corrects later, with another event that has the same key.
RESCORED = 0.004
ENTRY_ERROR_RATE = 0.004
CORRECTED = 0.8
ERROR_COLUMNS = ("status", "completed_at", "employee_no", "score")


def learning_events(
    chance: Chance, people: list[Person], founders: list[Person], epoch: date, until: date
) -> list[LearningEvent]:
    """Return the events that are logged by the end of a day, in the order of the log."""
    end = at(until, 24)
    events: list[LearningEvent] = []
    for person in people:
        for event in Learner(chance, person).study():
            events += _as_reported(chance, event)
    for day in days(epoch, until):
        events += _other_courses(chance.stream("other courses", day), founders, day)
        if clock_goes_forward(day) and day > LAUNCH:
            events += _in_skipped_hour(founders, day)
    # The simulated system logged nothing before the first simulated day, so no earlier event is
    # returned.
    events = [event for event in events if at(epoch, 0) <= event.logged_at < end]
    events.sort(key=lambda event: (event.logged_at, event.employee_no, event.module, event.status))
    return events


def _as_reported(chance: Chance, event: LearningEvent) -> Iterator[LearningEvent]:
    """Yield the event as the system logs it.

    In rare cases the event has an entry error. Most wrong events are followed by the correct event.
    In rare cases a correct event is followed by an event with a corrected score.
    """
    if event.at is None:
        yield event
        return
    rng = chance.stream("report", event.employee_no, event.module, event.status, str(event.at))
    if rng.happens(ENTRY_ERROR_RATE):
        yield replace(event, entry_error=rng.one_of(ERROR_COLUMNS))
        if rng.happens(CORRECTED):
            yield replace(event, logged_at=after(event.logged_at, hours=rng.uniform(80, 260)))
        return
    yield event
    if event.status == "COMPLETED" and event.score is not None and rng.happens(RESCORED):
        later = after(event.logged_at, hours=rng.uniform(100, 700))
        yield replace(event, score=min(100, event.score + rng.randint(1, 6)), logged_at=later)


def _other_courses(rng: Stream, founders: list[Person], day: date) -> Iterator[LearningEvent]:
    for _ in range(rng.poisson(OTHER_EVENTS_A_DAY)):
        person = rng.one_of(founders)
        course, module = rng.weighted(OTHER_COURSES)
        moment = at(day, rng.randint(8 * 60, 20 * 60) / 60)
        if person.is_working(day):
            yield _completed(person, course, module, moment, rng.randint(70, 100))


def _in_skipped_hour(founders: list[Person], day: date) -> Iterator[LearningEvent]:
    """Yield an event at a local time that the clock skipped.

    It comes from a terminal whose clock did not go forward.
    """
    person = next(person for person in founders if person.is_working(day))
    moment = at(day, 1.5)
    event = _completed(person, COURSE, "OIC-EL-1", moment, 81)
    yield replace(event, at_text=f"{day:%Y-%m-%d} 01:30")


def _completed(
    person: Person, course: str, module: str, moment: datetime, score: int
) -> LearningEvent:
    return LearningEvent(
        person.employee_no,
        course,
        module,
        "1",
        "COMPLETED",
        moment,
        score,
        after(moment, hours=0.2),
    )
