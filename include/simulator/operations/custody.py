"""Custody records of ordinary arrests and of arrests for immigration offences."""

from datetime import datetime

from oic_assurance.clock import london_day
from simulator.chance import Stream
from simulator.entry_errors import add_entry_error, mistyped
from simulator.moments import after
from simulator.operations.incidents import district_of, ref_of
from simulator.people.person import Person
from simulator.people.roster import Roster
from simulator.records import Record, Store

ARRESTS_AN_OCCURRENCE = 0.55
WITHOUT_OCCURRENCE = 0.02
WITHOUT_OCCURRENCE_IMMIGRATION = 0.05
REASONS = {
    "VIOLENCE": 0.3,
    "THEFT": 0.2,
    "DRUGS": 0.1,
    "WARRANT": 0.14,
    "PUBLIC_ORDER": 0.12,
    "BREACH_OF_BAIL": 0.06,
    "DRINK_DRIVING": 0.08,
}
# The wrong values that people enter. In both columns the wrong value is a blank. The reason for
# detention may be any text, so no other value in this column would be an error.
ENTRY_ERRORS = {"arresting_officer_no": ("",), "detention_reason_code": ("",)}


def detain(
    store: Store,
    rng: Stream,
    occurrence: Record | None,
    officer: Person,
    detained_at: datetime,
    reason: str,
) -> Record:
    """Add a custody record, with the release as a later change."""
    collar = officer.posting_on(london_day(detained_at)).collar
    record = store.add(
        "custody_record",
        after(detained_at, hours=rng.uniform(0.05, 0.5)),
        {
            "occurrence_ref": ref_of(occurrence),
            "arresting_officer_no": mistyped(rng, collar) if rng.happens(0.006) else collar,
            "detention_reason_code": reason,
            "detained_at": detained_at,
            "released_at": None,
        },
        person=officer.employee_no,
    )
    hours = rng.log_normal(30 if reason == "IMMIGRATION" else 15, 0.5)
    released_at = after(detained_at, hours=min(hours, 94))
    if released_at > record.entered_at:
        record.change(after(released_at, hours=rng.uniform(0, 0.4)), released_at=released_at)
    if rng.happens(0.002):
        deleted_at = after(record.entered_at, hours=rng.uniform(1, 30))
        record.change(deleted_at, deleted_at=deleted_at)
    add_entry_error(rng, record, ENTRY_ERRORS)
    return record


def ordinary_day(store: Store, rng: Stream, roster: Roster, occurrences: list[Record]) -> None:
    """Add the ordinary arrests that follow a day's occurrences."""
    for occurrence in occurrences:
        if not rng.happens(ARRESTS_AN_OCCURRENCE):
            continue
        detained_at = after(occurrence.entered_at, hours=rng.expovariate(1 / 2.0) + 0.2)
        officer = roster.on_response(detained_at, district_of(occurrence), rng)
        known = None if rng.happens(WITHOUT_OCCURRENCE) else occurrence
        detain(store, rng, known, officer, detained_at, rng.weighted(REASONS))
