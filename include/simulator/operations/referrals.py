"""Referrals to the National Command and Control Unit (NCCU): one row for each reported case."""

from dataclasses import dataclass
from datetime import datetime

from oic_assurance.clock import london_day
from simulator.chance import Stream
from simulator.entry_errors import add_entry_error, mistyped
from simulator.moments import after
from simulator.operations.incidents import ref_of
from simulator.people.person import Person
from simulator.records import Record, Store

BY_EMAIL = {"IMMIGRATION_CRIME": 0.22, "STATUS_CHECK": 0.12, "VICTIM": 0.7}
WITHOUT_OCCURRENCE = {"IMMIGRATION_CRIME": 0.03, "STATUS_CHECK": 0.12, "VICTIM": 0.04}
OUTCOMES: dict[str, dict[str | None, float]] = {
    "IMMIGRATION_CRIME": {"DETAIN": 0.4, "ARREST": 0.2, "BAIL": 0.22, "NO_ACTION": 0.08, None: 0.1},
    "STATUS_CHECK": {"NO_ACTION": 0.62, "ADVICE": 0.27, "DETAIN": 0.07, "ARREST": 0.04},
    "VICTIM": {"ADVICE": 0.7, "NO_ACTION": 0.25, None: 0.05},
}
PENDING_AT_FIRST = {"IMMIGRATION_CRIME": 0.75, "STATUS_CHECK": 0.2, "VICTIM": 0.6}
STILL_PENDING = 0.03
COLLAR_MISTYPED = 0.006
ENTERED_TWICE = 0.008
HARD_DELETED = 0.002
ENTRY_ERRORS = {
    "channel": ("phone", "FAX", ""),
    "referral_type": ("IMM_CRIME",),
    "outcome": ("UNKNOWN", "DETAINED"),
}


@dataclass(frozen=True)
class Call:
    """A contact, by telephone or e-mail, in which an officer reports a case to the NCCU.

    `kind` is the type of the referral.
    """

    referral: Record
    officer: Person
    at: datetime
    kind: str
    occurrence: Record | None

    @property
    def ref(self) -> str:
        """The reference of the referral that records the call."""
        return str(self.referral.first["referral_ref"])


def refer(
    store: Store,
    rng: Stream,
    officer: Person,
    at: datetime,
    kind: str,
    occurrence: Record | None,
    persons: int | None,
) -> Call:
    """Add a referral to the NCCU with its later changes, and return the call that it records."""
    record = _enter(store, rng, officer, at, kind, occurrence, persons)
    if rng.happens(ENTERED_TWICE):
        _double_entry(store, rng, record, officer)
    return Call(record, officer, at, kind, occurrence)


def _enter(
    store: Store,
    rng: Stream,
    officer: Person,
    at: datetime,
    kind: str,
    occurrence: Record | None,
    persons: int | None,
) -> Record:
    collar = officer.posting_on(london_day(at)).collar
    missing = rng.happens(WITHOUT_OCCURRENCE[kind])
    year = f"{at:%y}"
    record = store.add(
        "nccu_referral",
        after(at, hours=rng.uniform(0.05, 1.5)),
        {
            "referral_ref": f"NR{year}{store.next_number(f'referral {year}'):06d}",
            "occurrence_ref": None if missing else ref_of(occurrence),
            "reporting_officer_no": (
                mistyped(rng, collar) if rng.happens(COLLAR_MISTYPED) else collar
            ),
            "contacted_at": at,
            "channel": "EMAIL" if rng.happens(BY_EMAIL[kind]) else "PHONE",
            "referral_type": kind,
            "persons_count": None if rng.happens(0.04) else persons,
            "nccu_reference": None,
            "outcome": None,
        },
        person=officer.employee_no,
    )
    _add_reply(rng, record, kind)
    if missing and occurrence is not None and rng.happens(0.45):
        added_at = after(record.entered_at, hours=rng.uniform(4, 300))
        record.change(added_at, occurrence_ref=ref_of(occurrence))
    add_entry_error(rng, record, ENTRY_ERRORS)
    if rng.happens(HARD_DELETED):
        record.removed_at = after(record.entered_at, hours=rng.uniform(15, 120))
    return record


def _add_reply(rng: Stream, record: Record, kind: str) -> None:
    """Add Immigration Enforcement's reference and outcome, at the call or in a later reply."""
    reference = f"IE/{record.entered_at:%y}/{rng.randint(100000, 999999)}"
    outcome = rng.weighted(OUTCOMES[kind])
    if record.first["channel"] == "PHONE":
        record.first["nccu_reference"] = None if rng.happens(0.05) else reference
    elif rng.happens(0.85):
        record.change(
            after(record.entered_at, hours=rng.log_normal(9, 0.8)), nccu_reference=reference
        )
    if not rng.happens(PENDING_AT_FIRST[kind]):
        record.first["outcome"] = outcome
        return
    record.first["outcome"] = "PENDING"
    if not rng.happens(STILL_PENDING):
        record.change(
            after(record.entered_at, hours=rng.log_normal(30, 0.9)), outcome=outcome or "ADVICE"
        )


def _double_entry(store: Store, rng: Stream, original: Record, officer: Person) -> None:
    """Record the same call a second time by mistake. The second referral is deleted later."""
    first = {**original.first}
    for column in ("created_at", "updated_at", "deleted_at"):
        first.pop(column)
    year = str(first["referral_ref"])[2:4]
    first["referral_ref"] = f"NR{year}{store.next_number(f'referral {year}'):06d}"
    entered_at = after(original.entered_at, hours=rng.uniform(0.02, 2))
    double = store.add(
        "nccu_referral", entered_at, first, person=officer.employee_no, double_of=original.key
    )
    deleted_at = after(entered_at, hours=rng.uniform(0.5, 40))
    double.change(deleted_at, deleted_at=deleted_at)
