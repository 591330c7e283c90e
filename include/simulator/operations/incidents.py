"""Occurrences, including each day's ordinary occurrences."""

from datetime import date, datetime

from simulator.chance import Stream
from simulator.entry_errors import add_entry_error
from simulator.moments import after, at, clock_goes_forward, is_weekday
from simulator.organisation.units import TERRITORIES
from simulator.records import Record, Store

ORDINARY_A_DAY = 38.0
DISTRICT_WEIGHTS = {"D1": 0.40, "D2": 0.15, "D3": 0.24, "D4": 0.21}
# For each incident type: its Home Office offence code, and its share of ordinary occurrences.
ORDINARY: dict[tuple[str, str | None], float] = {
    ("VIOLENCE", "105/01"): 0.2,
    ("DOMESTIC", "105/01"): 0.14,
    ("THEFT", "49/10"): 0.17,
    ("BURGLARY", "28/05"): 0.05,
    ("VEHICLE_CRIME", "45/10"): 0.06,
    ("DRUGS", "92/72"): 0.05,
    ("PUBLIC_ORDER", "125/09"): 0.1,
    ("FRAUD", "061A"): 0.02,
    ("MISSING_PERSON", None): 0.07,
    ("ROAD_COLLISION", None): 0.08,
    ("CONCERN_FOR_SAFETY", None): 0.06,
}
ORDINARY_ROUTES = {"PUBLIC_CALL": 0.72, "OTHER": 0.17, "PARTNER": 0.06, "ROAD_POLICING": 0.05}
# The weight of each hour of the day. Most calls to the police come in the afternoon and evening.
HOURS = {hour: 1.0 + 1.4 * (8 <= hour < 24) + 1.2 * (15 <= hour < 23) for hour in range(24)}
ENTRY_ERRORS = {
    "detection_route": ("lorry drop", "PUBLIC CALL", ""),
    "status": ("Open", "NEW"),
}


def enter(
    store: Store,
    rng: Stream,
    reported_at: datetime,
    *,
    incident_type: str,
    offence: str | None,
    route: str,
    is_oic: bool = False,
    district: str | None = None,
    persons: int | None = None,
    **about: object,
) -> Record:
    """Add an occurrence and its later changes."""
    entered_at = after(reported_at, hours=rng.uniform(0.05, 0.6))
    occurred_at = after(reported_at, hours=-rng.expovariate(1 / 1.5))
    record = store.add(
        "occurrence",
        entered_at,
        {
            "occurrence_ref": _next_ref(store, rng, reported_at),
            "incident_type_code": incident_type,
            "offence_code": offence,
            "is_oic": is_oic,
            "detection_route": route,
            "district_code": district or rng.weighted(DISTRICT_WEIGHTS),
            "persons_count": persons,
            "status": "OPEN",
            "occurred_at": None if rng.happens(0.02) else occurred_at,
            "reported_at": reported_at,
        },
        **about,
    )
    _add_later_changes(rng, record)
    add_entry_error(rng, record, ENTRY_ERRORS)
    return record


def _next_ref(store: Store, rng: Stream, reported_at: datetime) -> str:
    """Return the next occurrence reference.

    The numbers between two references are taken by other kinds of work.
    """
    year = f"{reported_at:%y}"
    return f"{year}{store.next_number(f'occurrence {year}', rng.randint(2, 14)):09d}"


def _add_later_changes(rng: Stream, record: Record) -> None:
    """Draw the later changes of an occurrence.

    The occurrence can be closed, cancelled, or deleted as a duplicate. The number of persons can be
    corrected.
    """
    closing = after(record.entered_at, hours=24 * rng.log_normal(16, 1.0))
    if rng.happens(0.025):
        record.change(after(record.entered_at, hours=rng.uniform(2, 90)), status="CANCELLED")
    elif rng.happens(0.9):
        record.change(closing, status="CLOSED")
    persons = record.first["persons_count"]
    if isinstance(persons, int) and persons > 1 and rng.happens(0.2):
        corrected = max(1, persons + rng.one_of((-2, -1, 1, 1, 2)))
        record.change(after(record.entered_at, hours=rng.uniform(3, 70)), persons_count=corrected)
    if rng.happens(0.006):
        deleted_at = after(record.entered_at, hours=rng.uniform(1, 200))
        record.change(deleted_at, deleted_at=deleted_at)
    elif rng.happens(0.0006) and not record.first["is_oic"]:
        record.removed_at = after(record.entered_at, hours=rng.uniform(20, 300))


def ordinary_day(store: Store, rng: Stream, day: date, size: float) -> list[Record]:
    """Add and return a day's ordinary occurrences, which are those without immigration events."""
    mean = size * ORDINARY_A_DAY * (0.96 if is_weekday(day) else 1.1)
    occurrences = []
    for moment in sorted(moment_of(rng, day) for _ in range(rng.poisson(mean))):
        incident_type, offence = rng.weighted(ORDINARY)
        persons = rng.one_of((1, 1, 1, 2)) if rng.happens(0.5) else None
        occurrences.append(
            enter(
                store,
                rng,
                moment,
                incident_type=incident_type,
                offence=offence,
                route=rng.weighted(ORDINARY_ROUTES),
                persons=persons,
            )
        )
    return occurrences


def moment_of(rng: Stream, day: date, hours: dict[int, float] | None = None) -> datetime:
    """Draw a moment of the day.

    `hours` has the weight of each hour. The day on which the clock goes forward has only 23 hours.
    On that day, a draw in the 24th hour returns a moment in the last minute of the day.
    """
    hour = rng.weighted(hours or HOURS) + rng.random()
    return at(day, min(hour, 22.99)) if clock_goes_forward(day) else at(day, hour)


def district_of(record: Record) -> str:
    """Return the district code of an occurrence.

    If the occurrence has a code that no territorial district has, return the first district's code.
    """
    district = str(record.first["district_code"])
    return district if district in TERRITORIES else next(iter(TERRITORIES))


def ref_of(record: Record | None) -> str | None:
    """Return the reference of an occurrence, or None if there is no occurrence."""
    return None if record is None else str(record.first["occurrence_ref"])
