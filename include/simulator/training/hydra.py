"""Hydra: scheduled sessions with a limited number of places.

The participants work in groups ("pods") of four to seven.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from simulator.chance import Chance, Stream
from simulator.moments import DAY
from simulator.organisation.posts import HYDRA_ROLES
from simulator.people.person import Person

LAUNCH = date(2025, 9, 1)
FIRST_SESSION = date(2025, 9, 18)
ANNOUNCED_AHEAD = timedelta(weeks=12)
VENUES = ("Wootton Hall Hydra Suite", "Weekley Wood Training Centre")
# The fewest and the most pods in a session, and the fewest and the most places in a pod.
PODS = (2, 3)
POD_SIZE = (4, 7)
NO_SHOW = 0.11
REFER = 0.06
RELEASED = 0.5  # the share of waiting officers whom their supervisors let go to a session
ENTRY_ERROR_RATE = 0.006
# Each item has a last day, and the fewest and the most weeks between two sessions until that day.
# After April 2026 there are fewer sessions, so that the number of places limits the figures.
GAPS = ((date(2026, 4, 30), (2, 3)), (date.max, (6, 8)))


@dataclass(frozen=True, slots=True)
class Session:
    """One scheduled session."""

    code: str
    day: date
    venue: str
    capacity: int


@dataclass(frozen=True, slots=True)
class Attendance:
    """One person's booking of a place in a session, with its outcome.

    `entry_error` is the kind of error that the workbooks have in this booking before the day
    `entry_error_until`, or None.
    """

    session: Session
    employee_no: str
    attended: bool
    outcome: str
    outcome_known_on: date
    entry_error: str | None = None
    entry_error_until: date = date.min


def sessions(chance: Chance, until: date) -> list[Session]:
    """Return the sessions that are announced by a day."""
    rng = chance.stream("hydra sessions")
    planned: list[Session] = []
    day, year, number = FIRST_SESSION, 0, 0
    while day - ANNOUNCED_AHEAD <= until:
        number = number + 1 if day.year == year else 1
        year = day.year
        capacity = rng.randint(*PODS) * rng.randint(*POD_SIZE)
        planned.append(Session(f"HYD-{day:%y}-{number:02d}", day, rng.one_of(VENUES), capacity))
        weeks = next(gap for last, gap in GAPS if day <= last)
        day += timedelta(weeks=rng.randint(*weeks))
        while day.month == 8 or (day.month, day.day) in _CHRISTMAS:
            day += timedelta(weeks=1)
    return planned


_CHRISTMAS = {(12, day) for day in range(15, 32)} | {(1, day) for day in range(1, 6)}


def attendances(
    chance: Chance, people: list[Person], planned: list[Session], until: date
) -> list[Attendance]:
    """Return the bookings of all sessions up to a day, with their outcomes."""
    passed: set[str] = set()
    booked: list[Attendance] = []
    for session in planned:
        if session.day > until:
            break
        rng = chance.stream("hydra session", session.code)
        waiting = [
            person
            for person in people
            if person.employee_no not in passed
            and person.is_working(session.day)
            and person.posting_on(session.day).role in HYDRA_ROLES
        ]
        for person in _released(rng, waiting, session.capacity):
            attendance = _attend(rng, session, person)
            booked.append(attendance)
            if attendance.outcome == "PASS":
                passed.add(person.employee_no)
    return booked


def _released(rng: Stream, waiting: list[Person], places: int) -> list[Person]:
    free = [person for person in waiting if rng.happens(RELEASED)]
    return rng.sample(free, min(places, len(free)))


def _attend(rng: Stream, session: Session, person: Person) -> Attendance:
    attended = not rng.happens(NO_SHOW)
    outcome = ("REFER" if rng.happens(REFER) else "PASS") if attended else ""
    known_on = session.day + rng.randint(1, 9) * DAY
    attendance = Attendance(session, person.employee_no, attended, outcome, known_on)
    if rng.happens(ENTRY_ERROR_RATE):
        until = session.day + rng.randint(8, 30) * DAY
        kind = rng.one_of(("attended", "outcome", "twice"))
        attendance = replace(attendance, entry_error=kind, entry_error_until=until)
    return attendance
