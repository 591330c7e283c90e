"""Find the class of each referral, with the four steps of the contract written as loops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from .clock import day_of
from .hr import People, Person
from .model import Row
from .policy import hours, on

ORDER = ("submitted_in_time", "submitted_late", "submitted_by_other", "submitted_invalid")


@dataclass
class Document:
    """A submitted report. Whether its type is required depends on the day of a referral's contact.

    `counts` is true if its status is `SUBMITTED` and its grading is valid.
    """

    urn: str
    kind: str
    submitted_at: datetime
    person: Person
    counts: bool
    names: str | None  # an existing referral, or None
    occurrence: str | None


@dataclass
class Referral:
    """One referral, its officer, and its documents.

    `got` lists the documents that the steps have given to the referral, each with its link method.
    """

    ref: str
    contacted_at: datetime
    person: Person
    occurrence: str | None
    row: Row
    got: list[tuple[Document, str]] = field(default_factory=list)

    def has_own(self) -> bool:
        """Return whether the referral has "a document of their own officer"."""
        return any(document.person == self.person for document, _ in self.got)


def grading_is_valid(report: Row) -> bool:
    """Return whether the grading of a report is valid.

    Contract, for the default policy: "the values the source contract lists for the scheme;
    conditions needed with 3x5x2 `C` only (blank is none), with no 5x5x5 code". The policy is that
    of the day of submission or, for a report that was not submitted, of creation.
    """
    day = day_of(report["submitted_at"] or report["created_at"])
    for element in ("source_evaluation", "intelligence_assessment", "handling_code"):
        rows = on(
            day,
            "policy_grading",
            grading_scheme=report["grading_scheme"],
            element=element,
            code=report[element],
        )
        if not rows:
            return False
        if (
            rows[0]["needs_conditions"] == "true"
            and not (report["handling_conditions"] or "").strip()
        ):
            return False
    return True


def make_referrals(rows: Iterable[Row], people: People) -> list[Referral]:
    """Return the referrals for some rows, ordered by `contacted_at`, then by `referral_ref`."""
    referrals = []
    for row in rows:
        person = people.resolve(row["reporting_officer_no"], day_of(row["contacted_at"]))
        occurrence = row["occurrence_ref"] or None
        referrals.append(
            Referral(row["referral_ref"], row["contacted_at"], person, occurrence, row)
        )
    return sorted(referrals, key=lambda referral: (referral.contacted_at, referral.ref))


def make_documents(rows: Iterable[Row], existing: set[str], people: People) -> list[Document]:
    """Return the reports that can be documents, in the order of submission.

    Contract: "*Documents* are reports of a required type with a `submitted_at` and a status other
    than `DRAFT`". One "counts when its status is `SUBMITTED` and its grading is valid".
    """
    documents = []
    for row in rows:
        submitted = row["submitted_at"]
        if submitted is None or row["status"] == "DRAFT":
            continue
        person = people.resolve(row["author_officer_no"], day_of(submitted))
        counts = row["status"] == "SUBMITTED" and grading_is_valid(row)
        # Contract on the referral that a document names: "one that names none existing is treated
        # as naming none"
        names = row["nccu_referral_ref"] if row["nccu_referral_ref"] in existing else None
        occurrence = row["occurrence_ref"] or None
        kind = row["document_type_code"]
        documents.append(
            Document(row["report_urn"], kind, submitted, person, counts, names, occurrence)
        )
    return sorted(documents, key=lambda document: (document.submitted_at, document.urn))


def is_no_document(document: Document, referral: Referral) -> bool:
    """Return whether a report is no document for a referral, by the policy of the day of contact.

    Contract: "submitted more than `before_call_hours` before a referral's contact is no document
    for that referral, at any step".
    """
    day = day_of(referral.contacted_at)
    if not on(day, "policy_document_type", document_type_code=document.kind):
        return True
    return document.submitted_at < referral.contacted_at - hours("before_call_hours", day)


def match(referrals: list[Referral], documents: list[Document]) -> None:
    """Give each referral its documents, by the four steps of the contract.

    Steps 1 to 3 use the documents that count. Step 4 repeats steps 1 to 3 for the referrals that
    still have no document, with the documents that do not count.

    Contract, step 4: "Referrals still without any do 1 to 3 with documents that do not count".
    """
    _steps(referrals, [document for document in documents if document.counts])
    without = [referral for referral in referrals if not referral.got]
    _steps(without, [document for document in documents if not document.counts])


def _steps(referrals: list[Referral], documents: list[Document]) -> None:
    _named(referrals, documents)
    free = [document for document in documents if document.names is None and document.occurrence]
    for referral in referrals:  # 2: "in order of `contacted_at`"
        if not referral.has_own():
            _take(referral, free, "OCCURRENCE_OFFICER", own_only=True)
    for referral in referrals:  # 3: "still without any document", "by whomever"
        if not referral.got:
            _take(referral, free, "OCCURRENCE_ONLY", own_only=False)


def _named(referrals: list[Referral], documents: list[Document]) -> None:
    """Run step 1: a document that names an existing referral belongs to that referral.

    Contract: documents that "name an existing referral … belong to it, however many".
    """
    by_ref = {referral.ref: referral for referral in referrals}
    for document in documents:
        referral = by_ref.get(document.names) if document.names else None
        if referral is not None and not is_no_document(document, referral):
            referral.got.append((document, "REFERRAL_REF"))


def _take(referral: Referral, free: list[Document], method: str, *, own_only: bool) -> None:
    """Give a referral the first document in `free` that fits, and remove that document from `free`.

    A document fits if it has the same occurrence and can be a document for the referral. With
    `own_only`, its author must be the referral's officer.

    Contract: "take the earliest document by `submitted_at` not yet taken". "A referral without an
    occurrence can only be named".
    """
    if referral.occurrence is None:
        return
    for document in free:  # sorted by submitted_at, then report_urn
        if document.occurrence != referral.occurrence or is_no_document(document, referral):
            continue
        if own_only and document.person != referral.person:
            continue
        referral.got.append((document, method))
        free.remove(document)
        return


def class_from(document: Document, referral: Referral) -> str:
    """Return the class that a referral gets from one document."""
    if not document.counts:
        return "submitted_invalid"
    if document.person != referral.person:
        return "submitted_by_other"
    timely = hours("timely_hours", day_of(referral.contacted_at))
    if document.submitted_at <= referral.contacted_at + timely:
        return "submitted_in_time"
    return "submitted_late"


def decide(referral: Referral, as_at: datetime) -> tuple[str, str, Document | None]:
    """Return a referral's class, its link method, and the document that decides the class.

    If the referral has no document, the link method is `NONE` and the document is None.

    Contract: "the best that a referral's documents give"; "of equals, the earliest".
    """
    best: tuple[int, datetime, str] | None = None
    found: tuple[str, str, Document | None] = ("missing", "NONE", None)
    if as_at < referral.contacted_at + hours("grace_hours", day_of(referral.contacted_at)):
        found = ("awaiting", "NONE", None)
    for document, method in referral.got:
        name = class_from(document, referral)
        rank = (ORDER.index(name), document.submitted_at, document.urn)
        if best is None or rank < best:
            best = rank
            found = (name, method, document)
    return found
