"""Immigration events: organised crime, arrests, status checks and potential victims.

An OIC event is an event of organised immigration crime.
"""

import calendar
from collections.abc import Iterator
from datetime import date, datetime

from simulator.chance import Chance, Stream
from simulator.moments import after
from simulator.operations import custody, incidents
from simulator.operations.referrals import Call, refer
from simulator.people.person import Person
from simulator.people.roster import Roster
from simulator.records import Record, Store

OIC_A_MONTH, OIC_DISPERSION = 5.5, 12.0
PEOPLE_MEAN, PEOPLE_DISPERSION, MOST_PEOPLE = 3.4, 0.9, 16
ARRESTS_A_MONTH = 7.0
CHECKS_A_DAY = 3.9
VICTIMS_A_YEAR = 100.0
# The weight of each hour of the day. Most lorries and vehicles are stopped at night and in the
# morning.
OIC_HOURS = {hour: 1.0 + 2.0 * (2 <= hour < 10) + 0.8 * (17 <= hour < 23) for hour in range(24)}
OIC_ROUTES = {
    "LORRY_DROP": 0.31,
    "ROAD_POLICING": 0.27,
    "PUBLIC_CALL": 0.2,
    "CUSTODY": 0.04,
    "PARTNER": 0.07,
    "WARRANT": 0.07,
    "OTHER": 0.04,
}
CHECK_ROUTES = {"ROAD_POLICING": 0.42, "CUSTODY": 0.25, "PUBLIC_CALL": 0.23, "OTHER": 0.1}
REFERRED = {"OIC": 0.95, "ARREST": 0.87}
SECOND_CALL = 0.14
QUALIFIED_LATER = 0.09


class Immigration:
    """Adds immigration events day by day."""

    def __init__(self, chance: Chance, store: Store, roster: Roster, size: float) -> None:
        self._chance = chance
        self._store = store
        self._roster = roster
        self._size = size

    def day(self, day: date, occurrences: list[Record]) -> Iterator[Call]:
        """Add a day's immigration events.

        Yields the calls to the NCCU to which the events lead.
        """
        rng = self._chance.stream("organised immigration crime", day)
        for _ in range(rng.poisson(self._size * self._oic_rate(day))):
            yield from self._oic(rng, incidents.moment_of(rng, day, OIC_HOURS))
        rng = self._chance.stream("immigration arrests", day)
        for _ in range(rng.poisson(self._size * ARRESTS_A_MONTH * 12 / 365)):
            yield from self._arrest(rng, incidents.moment_of(rng, day))
        rng = self._chance.stream("status checks", day)
        for _ in range(rng.poisson(self._size * CHECKS_A_DAY)):
            yield self._check(rng, incidents.moment_of(rng, day), occurrences)
        rng = self._chance.stream("victims", day)
        for _ in range(rng.poisson(self._size * VICTIMS_A_YEAR / 365)):
            yield self._victim(rng, incidents.moment_of(rng, day))

    def _oic_rate(self, day: date) -> float:
        """Return the expected number of OIC events on a day in a force of size 1.

        Each month has its own random rate, so the numbers vary more from month to month than in a
        Poisson process.
        """
        rng = self._chance.stream("organised immigration crime, month", day.year, day.month)
        month = rng.gammavariate(OIC_DISPERSION, OIC_A_MONTH / OIC_DISPERSION)
        return month / calendar.monthrange(day.year, day.month)[1]

    def _oic(self, rng: Stream, reported_at: datetime) -> Iterator[Call]:
        persons = min(1 + rng.negative_binomial(PEOPLE_MEAN, PEOPLE_DISPERSION), MOST_PEOPLE)
        qualified = not rng.happens(QUALIFIED_LATER)
        route = rng.weighted(OIC_ROUTES)
        kinds: dict[tuple[str, str], float] = {
            ("IMMIGRATION_OFFENCE", "78/01"): 0.6,
            ("FACILITATION", "78/02"): 0.28,
            ("MODERN_SLAVERY", "106/00"): 0.12,
        }
        incident_type, offence = rng.weighted(kinds)
        occurrence = incidents.enter(
            self._store,
            rng,
            reported_at,
            incident_type=incident_type,
            offence=offence,
            route=route,
            is_oic=qualified,
            persons=persons,
            kind="OIC",
        )
        if not qualified:
            occurrence.change(after(occurrence.entered_at, hours=rng.uniform(20, 260)), is_oic=True)
        officer = self._first_officer(rng, reported_at, route, incidents.district_of(occurrence))
        self._detain_some(rng, occurrence, officer, persons)
        if rng.happens(REFERRED["OIC"]):
            at = after(reported_at, hours=0.4 + rng.expovariate(1 / 1.2))
            yield refer(self._store, rng, officer, at, "IMMIGRATION_CRIME", occurrence, persons)
            if rng.happens(SECOND_CALL):
                later = after(at, hours=1 + rng.expovariate(1 / 6.0))
                caller = officer if rng.happens(0.6) else self._other(rng, officer)
                yield refer(self._store, rng, caller, later, "IMMIGRATION_CRIME", occurrence, 1)

    def _detain_some(self, rng: Stream, occurrence: Record, officer: Person, persons: int) -> None:
        for _ in range(persons):
            if rng.happens(0.55):
                detained_at = after(occurrence.entered_at, hours=0.5 + rng.expovariate(1 / 1.0))
                by = officer if rng.happens(0.6) else self._other(rng, officer)
                custody.detain(self._store, rng, occurrence, by, detained_at, "IMMIGRATION")

    def _arrest(self, rng: Stream, reported_at: datetime) -> Iterator[Call]:
        """Add an arrest for an immigration offence without a link to organised crime."""
        occurrence = incidents.enter(
            self._store,
            rng,
            reported_at,
            incident_type="IMMIGRATION_OFFENCE",
            offence="78/01",
            route=rng.weighted(CHECK_ROUTES),
            persons=1,
            kind="ARREST",
        )
        district = incidents.district_of(occurrence)
        officer = self._roster.on_response(reported_at, district, rng)
        is_missing = rng.happens(custody.WITHOUT_OCCURRENCE_IMMIGRATION)
        detained_at = after(occurrence.entered_at, hours=rng.expovariate(1 / 1.0) + 0.3)
        custody.detain(
            self._store,
            rng,
            None if is_missing else occurrence,
            officer,
            detained_at,
            "IMMIGRATION",
        )
        if rng.happens(REFERRED["ARREST"]):
            caller = self._roster.in_custody(district, rng) if rng.happens(0.35) else officer
            at = after(detained_at, hours=rng.expovariate(1 / 1.5) + 0.2)
            yield refer(self._store, rng, caller, at, "IMMIGRATION_CRIME", occurrence, 1)

    def _check(self, rng: Stream, at: datetime, occurrences: list[Record]) -> Call:
        """Add a check of a person's immigration status, for example at the roadside."""
        route = rng.weighted(CHECK_ROUTES)
        if occurrences and rng.happens(0.45):
            earlier = [record for record in occurrences if record.entered_at < at]
            occurrence = rng.one_of(earlier or occurrences[:1])
            at = max(at, after(occurrence.entered_at, hours=0.1))
        else:
            reported_at = after(at, hours=-rng.uniform(0.2, 1.0))
            if self._store.today is not None:
                reported_at = max(reported_at, self._store.today)
            occurrence = incidents.enter(
                self._store,
                rng,
                reported_at,
                incident_type="STATUS_CHECK",
                offence=None,
                route=route,
                persons=1,
                kind="CHECK",
            )
        district = incidents.district_of(occurrence)
        officer = self._first_officer(rng, at, route, district)
        return refer(self._store, rng, officer, at, "STATUS_CHECK", occurrence, 1)

    def _victim(self, rng: Stream, reported_at: datetime) -> Call:
        """Add the referral of a potential victim.

        First responders have a duty to refer victims.
        """
        occurrence = incidents.enter(
            self._store,
            rng,
            reported_at,
            incident_type="MODERN_SLAVERY",
            offence="106/00",
            route=rng.weighted({"PARTNER": 0.5, "PUBLIC_CALL": 0.3, "WARRANT": 0.2}),
            persons=1,
            kind="VICTIM",
        )
        if rng.happens(0.6):
            officer = self._roster.in_unit("MSEX", rng)
        else:
            officer = self._roster.in_neighbourhood(incidents.district_of(occurrence), rng)
        at = after(reported_at, hours=1 + rng.expovariate(1 / 20.0))
        return refer(self._store, rng, officer, at, "VICTIM", occurrence, 1)

    def _first_officer(self, rng: Stream, at: datetime, route: str, district: str) -> Person:
        """Return the officer who deals with an event.

        The kind of officer depends on how the event was detected. Response and control room
        officers come from the team that is on duty.
        """
        roster = self._roster
        if route == "ROAD_POLICING" and rng.happens(0.7):
            return roster.on_the_roads(district, rng)
        if route == "CUSTODY":
            return roster.in_custody(district, rng)
        if route == "WARRANT":
            return (
                roster.in_intelligence(rng) if rng.happens(0.6) else roster.in_unit("ORGCRIME", rng)
            )
        if route == "PARTNER":
            return roster.in_neighbourhood(district, rng)
        if route == "OTHER":
            return roster.in_control_room(at, rng)
        return roster.on_response(at, district, rng)

    def _other(self, rng: Stream, officer: Person) -> Person:
        return self._roster.colleague_of(officer, rng) or officer
