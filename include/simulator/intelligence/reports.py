"""Intelligence reports, including everyday reports that no referral requires."""

from dataclasses import dataclass
from datetime import date, datetime

from oic_assurance.clock import london_day
from simulator.chance import Chance, Stream
from simulator.entry_errors import add_entry_error
from simulator.intelligence.grading import Grading, valid, wrong
from simulator.intelligence.narrative import narrative, source_identity
from simulator.moments import DAY, after, is_weekday
from simulator.operations.incidents import moment_of, ref_of
from simulator.people.person import Person
from simulator.people.roster import Roster
from simulator.records import Record, Store

EVERYDAY_A_DAY = 9.5
EVERYDAY_TYPES = {
    "INTEL_REPORT": 0.62,
    "STOP_SEARCH_INTEL": 0.14,
    "PARTNER_INTEL": 0.1,
    "CUSTODY_INTEL": 0.08,
    "CRIMESTOPPERS": 0.06,
}
HISTORIC = 0.025
INVALID_GRADING = 0.02
ENTRY_ERRORS = {
    "status": ("SUBMITED", "Submitted"),
    "grading_scheme": ("3x5x3",),
    "protective_marking": ("OFFICIAL SENSITIVE",),
}


@dataclass(frozen=True)
class Draft:
    """The content of a report before it is added."""

    document_type: str
    author: Person
    submitted_at: datetime
    grading: Grading
    occurrence_ref: str | None = None
    referral_ref: str | None = None
    marking: str = "OFFICIAL-SENSITIVE"
    # The earliest time at which the report can be typed into the system. A paper form can be
    # submitted before this time.
    not_before: datetime | None = None


def submit(store: Store, rng: Stream, draft: Draft, **about: object) -> Record:
    """Add a report. It is entered when it is submitted, or some time before that as a draft.

    The report's later changes and entry errors are drawn too.
    """
    drafted = rng.happens(0.3)
    lead = rng.uniform(0.2, 3.0) if drafted else 0.0
    entered_at = after(draft.submitted_at, hours=-lead)
    if draft.not_before is not None:
        entered_at = max(entered_at, draft.not_before)
    record = _enter(store, rng, draft, entered_at, **about)
    if entered_at < draft.submitted_at:
        record.first |= {"status": "DRAFT", "submitted_at": None}
        record.change(draft.submitted_at, status="SUBMITTED", submitted_at=draft.submitted_at)
    _review(rng, record, draft)
    add_entry_error(rng, record, ENTRY_ERRORS)
    return record


def leave_as_draft(store: Store, rng: Stream, draft: Draft, **about: object) -> Record:
    """Add a report that stays a draft and is never submitted."""
    record = _enter(store, rng, draft, draft.submitted_at, **about)
    record.first |= {"status": "DRAFT", "submitted_at": None}
    return record


def _enter(
    store: Store, rng: Stream, draft: Draft, entered_at: datetime, **about: object
) -> Record:
    year = f"{entered_at:%Y}"
    urn = f"NH-{year}-{store.next_number(f'report {year}', rng.randint(1, 4)):06d}"
    return store.add(
        "report",
        entered_at,
        {
            "report_urn": urn,
            "document_type_code": draft.document_type,
            **draft.grading.columns(),
            "protective_marking": draft.marking,
            "author_officer_no": draft.author.posting_on(london_day(draft.submitted_at)).collar,
            "occurrence_ref": draft.occurrence_ref,
            "nccu_referral_ref": draft.referral_ref,
            "status": "SUBMITTED",
            "submitted_at": draft.submitted_at,
            "narrative": narrative(rng, urn),
            "source_identity": source_identity(rng),
        },
        person=draft.author.employee_no,
        **about,
    )


def _review(rng: Stream, record: Record, draft: Draft) -> None:
    """Draw the result of the bureau's review: the report may be returned, withdrawn or deleted."""
    if rng.happens(0.06):
        returned = after(draft.submitted_at, hours=rng.uniform(5, 90))
        record.change(returned, status="RETURNED")
        if rng.happens(0.9):
            record.change(after(returned, hours=rng.uniform(4, 120)), status="SUBMITTED")
    elif rng.happens(0.006):
        record.change(after(draft.submitted_at, hours=rng.uniform(5, 200)), status="WITHDRAWN")
    if rng.happens(0.004):
        deleted_at = after(draft.submitted_at, hours=rng.uniform(20, 400))
        record.change(deleted_at, deleted_at=deleted_at)
    elif rng.happens(0.001):
        record.removed_at = after(draft.submitted_at, hours=rng.uniform(20, 400))


class Everyday:
    """Adds reports about subjects other than immigration."""

    def __init__(self, chance: Chance, store: Store, roster: Roster, size: float) -> None:
        self._chance = chance
        self._store = store
        self._roster = roster
        self._size = size

    def day(self, day: date, occurrences: list[Record]) -> None:
        """Add a day's everyday reports."""
        rng = self._chance.stream("everyday reports", day)
        mean = self._size * EVERYDAY_A_DAY * (1.15 if is_weekday(day) else 0.6)
        for _ in range(rng.poisson(mean)):
            self._report(rng, moment_of(rng, day), occurrences)
        if day == self._secret_day(day):
            self._report(rng, moment_of(rng, day), [], marking="SECRET")

    def _report(
        self,
        rng: Stream,
        at: datetime,
        occurrences: list[Record],
        marking: str | None = None,
    ) -> None:
        kind = rng.weighted(EVERYDAY_TYPES)
        occurrence = rng.one_of(occurrences) if occurrences and rng.happens(0.45) else None
        draft = Draft(
            kind,
            self._author(rng, at, kind),
            at,
            wrong(rng) if rng.happens(INVALID_GRADING) else valid(rng, historic=HISTORIC),
            ref_of(occurrence),
            marking=marking or rng.weighted({"OFFICIAL-SENSITIVE": 0.7, "OFFICIAL": 0.3}),
            not_before=self._store.today,
        )
        if rng.happens(0.03):
            leave_as_draft(self._store, rng, draft, why="EVERYDAY")
        else:
            submit(self._store, rng, draft, why="EVERYDAY")

    def _author(self, rng: Stream, at: datetime, kind: str) -> Person:
        district = rng.one_of(("D1", "D1", "D2", "D3", "D4"))
        if kind == "CUSTODY_INTEL":
            return self._roster.in_custody(district, rng)
        if kind in ("PARTNER_INTEL", "CRIMESTOPPERS"):
            return self._roster.in_intelligence(rng)
        if kind == "STOP_SEARCH_INTEL" or rng.happens(0.5):
            return self._roster.on_response(at, district, rng)
        return self._roster.in_neighbourhood(district, rng)

    def _secret_day(self, day: date) -> date:
        """Return the day in the half-year of `day` on which a SECRET report is added by mistake.

        The mistake is that SECRET reports belong in another system.
        """
        half = 1 if day.month <= 6 else 7
        rng = self._chance.stream("secret report", day.year, half)
        return date(day.year, half, 1) + rng.randint(0, 180) * DAY
