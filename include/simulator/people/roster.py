"""The roster: the team of each person on the current simulated day, and the teams on duty."""

from collections import defaultdict
from datetime import date, datetime

from simulator.chance import Stream
from simulator.moments import DAY, days, london
from simulator.organisation.units import (
    SHIFT_TEAMS,
    TERRITORIES,
    neighbourhood_teams,
    response_team,
)
from simulator.people.careers import Careers
from simulator.people.person import Person

EARLY, LATE, NIGHT = 7, 15, 23
# The length of the shift cycle in days: two early shifts, two late shifts, two nights and four days
# off. The five teams are two days apart: team B starts the cycle two days before team A, team C two
# days before team B, and so on.
CYCLE = 10
FIRST_DAY_OF = {EARLY: 0, LATE: 2, NIGHT: 4}


class Roster:
    """The members of each team who work on the current simulated day."""

    def __init__(self, careers: Careers) -> None:
        self._careers = careers
        self._today: date | None = None
        self._unit_of: dict[str, str] = {}
        # Dictionaries serve as ordered sets, because the order of a set can differ between
        # processes.
        self._members: dict[str, dict[str, Person]] = defaultdict(dict)

    def advance(self, day: date) -> None:
        """Move to a later day, and apply all changes of teams up to that day."""
        first = day if self._today is None else self._today + DAY
        for today in days(first, day):
            for person, unit in self._careers.presence.get(today, ()):
                self._place(person, unit, today)
        self._today = day

    def _place(self, person: Person, unit: str | None, day: date) -> None:
        number = person.employee_no
        if number in self._unit_of:
            self._members[self._unit_of.pop(number)].pop(number, None)
        if unit is None or not person.is_working(day):
            return
        team = person.posting_on(day).unit
        self._unit_of[number] = team
        self._members[team][number] = person

    def team(self, unit: str) -> list[Person]:
        """Return the members of a team who work today."""
        return list(self._members[unit].values())

    def colleague_of(self, person: Person, rng: Stream) -> Person | None:
        """Return another working member of the person's team, or None if there is none."""
        unit = self._unit_of.get(person.employee_no)
        others = [other for other in self.team(unit) if other is not person] if unit else []
        return rng.one_of(others) if others else None

    def on_response(self, moment: datetime, district: str, rng: Stream) -> Person:
        """Return a member of the response team that is on duty in a district."""
        return self._pick(response_team(district, team_on_duty(moment)), rng)

    def in_control_room(self, moment: datetime, rng: Stream) -> Person:
        """Return a member of the control room team that is on duty."""
        return self._pick(f"FCR-{team_on_duty(moment)}", rng)

    def in_neighbourhood(self, district: str, rng: Stream) -> Person:
        """Return a neighbourhood officer of a district."""
        return self._pick(rng.one_of(list(neighbourhood_teams(district))), rng, "NEIGHBOURHOOD")

    def on_the_roads(self, district: str, rng: Stream) -> Person:
        """Return an officer of the roads policing team (north or south) for a district."""
        return self._pick("ROADS-N" if district in ("D3", "D4") else "ROADS-S", rng)

    def in_custody(self, district: str, rng: Stream) -> Person:
        """Return a member of the custody suite for a district."""
        return self._pick("CUST-N" if district in ("D3", "D4") else "CUST-S", rng)

    def in_intelligence(self, rng: Stream) -> Person:
        """Return a member of the intelligence teams."""
        people = [person for unit in ("FIB", "FIELD", "ICD") for person in self.team(unit)]
        return rng.one_of(people)

    def in_unit(self, unit: str, rng: Stream) -> Person:
        """Return a member of a team."""
        return self._pick(unit, rng)

    def _pick(self, unit: str, rng: Stream, role: str | None = None) -> Person:
        people = self.team(unit)
        if role is not None and self._today is not None:
            today = self._today
            people = [person for person in people if person.posting_on(today).role == role]
        # A team is practically never empty. If it is, a member of the first response team is taken.
        return rng.one_of(people or self.team(response_team(next(iter(TERRITORIES)), "A")))


def team_on_duty(moment: datetime) -> str:
    """Return the letter of the response teams and the control room team on duty at a moment."""
    wall = london(moment)
    day = wall.date()
    if EARLY <= wall.hour < LATE:
        shift = EARLY
    elif LATE <= wall.hour < NIGHT:
        shift = LATE
    else:
        shift = NIGHT
        day = day if wall.hour >= NIGHT else day - DAY
    for number, letter in enumerate(SHIFT_TEAMS):
        place = (day.toordinal() + 2 * number) % CYCLE
        if FIRST_DAY_OF[shift] <= place < FIRST_DAY_OF[shift] + 2:
            return letter
    raise AssertionError("In every cycle, two of the ten days cover each shift.")
