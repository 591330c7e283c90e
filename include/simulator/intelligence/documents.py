"""The document that a referral requires.

The document can be in time, late, by another author or invalid. It can also be missing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from oic_assurance.clock import london_day
from simulator.chance import Chance, Stream
from simulator.intelligence.grading import Grading, valid, wrong
from simulator.intelligence.reports import Draft, leave_as_draft, submit
from simulator.moments import after
from simulator.operations.incidents import ref_of
from simulator.operations.referrals import Call
from simulator.people.person import Person
from simulator.people.roster import Roster
from simulator.records import Record, Store

REQUIRED_TYPE = "NCCU_INTEL"
# The probability that an officer of average diligence who reports a case submits a valid document,
# on two days. Between the two days the probability rises evenly, because officers react to the
# inspection's report. It is multiplied by the factor for the referral's type in `KIND_FACTOR`.
QUALITY = ((date(2025, 6, 1), 0.82), (date(2026, 5, 1), 0.94))
KIND_FACTOR = {"IMMIGRATION_CRIME": 1.0, "STATUS_CHECK": 0.55, "VICTIM": 0.7}
DILIGENCE_EFFECT = 0.1
AVERAGE_DILIGENCE = 5 / 8
# For the officers of two teams, the probability of a valid document is also multiplied by these
# factors. These teams thus have more documents missing than others, and the list of exceptions
# shows a pattern.
WEAK_TEAMS = {"D3-RESP-C": 0.8, "ROADS-S": 0.88}
LATE_SHARE = 0.17
TIMELY_HOURS = 24.0
MOST_HOURS_LATE = 75 * 24.0
OTHER_OUTCOMES = {
    "BY_OTHER": 0.26,
    "BAD_GRADING": 0.24,
    "NEVER": 0.24,
    "DRAFT": 0.06,
    "REJECTED": 0.05,
    "UNNAMED": 0.05,
    "WRONG_TYPE": 0.06,
    "TOO_EARLY": 0.04,
}
SUBMITTED_TWICE = 0.05
REFERENCES = {"REFERRAL": 0.61, "OCCURRENCE": 0.38, "NOTHING": 0.01}
WRONG_REFERRAL_RATE = 0.008
HISTORIC = 0.03


@dataclass(frozen=True)
class Plan:
    """A document that an officer is going to write after a call.

    `refers_to` is a key of `REFERENCES`. `why` is the outcome that was drawn for the document, such
    as `LATE`.
    """

    call: Call
    author: Person
    at: datetime
    refers_to: str
    why: str


class Documents:
    """Adds the documents that officers write after they report a case to the NCCU."""

    def __init__(self, chance: Chance, store: Store, roster: Roster) -> None:
        self._chance = chance
        self._store = store
        self._roster = roster
        self._writers: dict[str, Callable[[Stream, Call], Record | None]] = {
            "IN_TIME": self._in_time,
            "LATE": self._late,
            "BY_OTHER": self._by_other,
            "BAD_GRADING": self._badly_graded,
            "DRAFT": self._draft,
            "REJECTED": self._rejected,
            "UNNAMED": self._unnamed,
            "WRONG_TYPE": self._wrong_type,
            "TOO_EARLY": self._too_early,
        }

    def follow(self, call: Call) -> Record | None:
        """Add the document that follows a call to the NCCU.

        Returns the document if it can be shared with partners, otherwise None.
        """
        rng = self._chance.stream("document", call.ref)
        outcome = self._outcome(rng, call)
        if outcome == "NEVER":
            return None
        document = self._writers[outcome](rng, call)
        return document if outcome in ("IN_TIME", "LATE", "BY_OTHER") else None

    def _outcome(self, rng: Stream, call: Call) -> str:
        day = london_day(call.at)
        quality = _quality(day) * KIND_FACTOR[call.kind]
        quality += DILIGENCE_EFFECT * (call.officer.diligence - AVERAGE_DILIGENCE)
        quality *= WEAK_TEAMS.get(call.officer.posting_on(day).unit, 1.0)
        if rng.happens(min(quality, 0.99)):
            return "LATE" if rng.happens(LATE_SHARE) else "IN_TIME"
        return rng.weighted(OTHER_OUTCOMES)

    # --- outcomes ------------------------------------------------------------------------------

    def _in_time(self, rng: Stream, call: Call) -> Record | None:
        hours = min(rng.log_normal(4.5, 0.9), TIMELY_HOURS - 0.1)
        return self._good(rng, call, hours, "IN_TIME")

    def _late(self, rng: Stream, call: Call) -> Record | None:
        hours = min(TIMELY_HOURS + rng.log_normal(40, 1.1), MOST_HOURS_LATE)
        return self._good(rng, call, hours, "LATE")

    def _good(self, rng: Stream, call: Call, hours: float, why: str) -> Record | None:
        plan = Plan(
            call, call.officer, after(call.at, hours=hours), self._reference(rng, call), why
        )
        document = self._write(rng, plan, valid(rng, historic=HISTORIC))
        if rng.happens(SUBMITTED_TWICE):
            later = after(plan.at, hours=rng.uniform(0.2, 60))
            second = Plan(call, call.officer, later, plan.refers_to, "TWICE")
            self._write(rng, second, valid(rng, historic=HISTORIC))
        return document

    def _by_other(self, rng: Stream, call: Call) -> Record | None:
        other = self._roster.colleague_of(call.officer, rng)
        if other is None:
            return None
        at = after(call.at, hours=rng.log_normal(10, 1.0))
        plan = Plan(call, other, at, self._reference(rng, call), "BY_OTHER")
        return self._write(rng, plan, valid(rng, historic=HISTORIC))

    def _badly_graded(self, rng: Stream, call: Call) -> Record | None:
        at = after(call.at, hours=rng.log_normal(7, 1.1))
        plan = Plan(call, call.officer, at, self._reference(rng, call), "BAD_GRADING")
        document = self._write(rng, plan, wrong(rng))
        if document is not None and rng.happens(0.15):
            corrected = valid(rng, historic=0.0).columns()
            document.change(after(at, hours=rng.uniform(30, 400)), **corrected)
            document.about["corrected"] = True
        return document

    def _draft(self, rng: Stream, call: Call) -> Record | None:
        at = after(call.at, hours=rng.log_normal(3, 0.8))
        draft = self._draft_of(rng, Plan(call, call.officer, at, "OCCURRENCE", "DRAFT"), valid(rng))
        return leave_as_draft(self._store, rng, draft, why="DRAFT", referral=call.ref)

    def _rejected(self, rng: Stream, call: Call) -> Record | None:
        at = after(call.at, hours=rng.log_normal(6, 0.8))
        plan = Plan(call, call.officer, at, self._reference(rng, call), "REJECTED")
        document = self._write(rng, plan, valid(rng))
        if document is not None:
            document.change(after(at, hours=rng.uniform(10, 100)), status="REJECTED")
        return document

    def _unnamed(self, rng: Stream, call: Call) -> Record | None:
        at = after(call.at, hours=rng.log_normal(5, 0.8))
        return self._write(rng, Plan(call, call.officer, at, "NOTHING", "UNNAMED"), valid(rng))

    def _wrong_type(self, rng: Stream, call: Call) -> Record | None:
        at = after(call.at, hours=rng.log_normal(6, 0.9))
        plan = Plan(call, call.officer, at, self._reference(rng, call), "WRONG_TYPE")
        return self._write(rng, plan, valid(rng), document_type="INTEL_REPORT")

    def _too_early(self, rng: Stream, call: Call) -> Record | None:
        """Add a paper form dated long before the call, so that it cannot be about the call."""
        at = after(call.at, hours=-rng.uniform(26, 90))
        return self._write(rng, Plan(call, call.officer, at, "REFERRAL", "TOO_EARLY"), valid(rng))

    # --- writing -------------------------------------------------------------------------------

    def _reference(self, rng: Stream, call: Call) -> str:
        reference = rng.weighted(REFERENCES)
        if reference == "OCCURRENCE" and call.occurrence is None:
            return "REFERRAL"
        return reference

    def _write(
        self, rng: Stream, plan: Plan, grading: Grading, document_type: str = REQUIRED_TYPE
    ) -> Record | None:
        if not plan.author.is_working(london_day(plan.at)):
            return None
        draft = self._draft_of(rng, plan, grading, document_type)
        return submit(self._store, rng, draft, why=plan.why, referral=plan.call.ref)

    def _draft_of(
        self, rng: Stream, plan: Plan, grading: Grading, document_type: str = REQUIRED_TYPE
    ) -> Draft:
        ref = plan.call.ref if plan.refers_to == "REFERRAL" else None
        if ref is not None and rng.happens(WRONG_REFERRAL_RATE):
            ref = ref[:-1]
        with_occurrence = plan.refers_to == "OCCURRENCE" or (
            plan.refers_to == "REFERRAL" and rng.happens(0.8)
        )
        return Draft(
            document_type,
            plan.author,
            plan.at,
            grading,
            ref_of(plan.call.occurrence) if with_occurrence else None,
            ref,
            rng.weighted({"OFFICIAL-SENSITIVE": 0.85, "OFFICIAL": 0.15}),
            not_before=after(plan.call.at, hours=0.05),
        )


def _quality(day: date) -> float:
    (first, initial), (last, final) = QUALITY
    progress = (day - first) / (last - first)
    return initial + (final - initial) * min(max(progress, 0.0), 1.0)
