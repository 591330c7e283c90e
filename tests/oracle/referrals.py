"""Compute the tables of referrals, occurrences and reports, and the measures about referrals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from .clock import day_of, month_of
from .hr import People, Person
from .known import Known, gone_as_at, table_as_at
from .matching import decide, grading_is_valid, make_documents, make_referrals, match
from .model import Row
from .policy import starts_on
from .tally import Tally

PERCENTILES = {"nccu_hours_to_submission_p50": 0.5, "nccu_hours_to_submission_p90": 0.9}


@dataclass
class ReferralFact:
    """One row of `fct_nccu_referral`, with the person instead of the officer key."""

    referral_ref: str
    occurrence_ref: str | None
    contacted_at: datetime
    channel: str
    referral_type: str
    org_unit_code: str
    person: Person
    intelligence_class: str
    link_method: str
    report_urn: str | None
    hours_to_submission: float | None
    is_counted: bool
    is_compliant: bool


def referral_facts(known: Known, people: People, as_at: datetime) -> list[ReferralFact]:
    """Return the row of every referral that exists at `as_at`, with its class."""
    referrals = make_referrals(table_as_at(known, "rms.nccu_referral", as_at), people)
    existing = {referral.ref for referral in referrals}
    documents = make_documents(table_as_at(known, "intel.report", as_at), existing, people)
    match(referrals, documents)
    facts = []
    for referral in referrals:
        name, method, document = decide(referral, as_at)
        hours = None
        if document is not None:
            hours = (document.submitted_at - referral.contacted_at).total_seconds() / 3600
        kind = referral.row["referral_type"]
        facts.append(
            ReferralFact(
                referral_ref=referral.ref,
                occurrence_ref=referral.row["occurrence_ref"],
                contacted_at=referral.contacted_at,
                channel=referral.row["channel"],
                referral_type=kind,
                org_unit_code=people.team(referral.person, day_of(referral.contacted_at)),
                person=referral.person,
                intelligence_class=name,
                link_method=method,
                report_urn=document.urn if document else None,
                hours_to_submission=hours,
                # Contract: "`is_counted`: type `IMMIGRATION_CRIME` and not awaiting"
                is_counted=kind == "IMMIGRATION_CRIME" and name != "awaiting",
                # Contract: "in time + late"
                is_compliant=name in ("submitted_in_time", "submitted_late"),
            )
        )
    return facts


def tally_referrals(facts: list[ReferralFact], people: People, today: date, tally: Tally) -> None:
    """Add referrals to six measures, by month of contact and the officer's team at that time."""
    tally.percentiles |= PERCENTILES
    tally.begin(
        starts_on("NCCU_INTEL", today),
        "nccu_intel_compliance",
        "nccu_intel_compliance_all_types",
        "nccu_status_check_compliance",
        "nccu_intel_in_time",
        *PERCENTILES,
    )
    for fact in facts:
        day = day_of(fact.contacted_at)
        month = month_of(day)
        units = people.with_above(fact.org_unit_code, day)
        compliant = fact.is_compliant
        in_time = fact.intelligence_class == "submitted_in_time"
        if fact.is_counted:
            tally.add("nccu_intel_compliance", month, units, compliant)
            tally.add("nccu_intel_in_time", month, units, in_time)
        if fact.is_counted and compliant and fact.hours_to_submission is not None:
            for measure in PERCENTILES:
                tally.add_hours(measure, month, units, fact.hours_to_submission)
        # Contract: "the same with `STATUS_CHECK` counted too"
        checked = fact.referral_type == "STATUS_CHECK" and fact.intelligence_class != "awaiting"
        if fact.is_counted or checked:
            tally.add("nccu_intel_compliance_all_types", month, units, compliant)
        if checked:
            tally.add("nccu_status_check_compliance", month, units, compliant)


def tally_capture(known: Known, people: People, as_at: datetime, tally: Tally) -> None:
    """Add the measure of capture completeness to the tally.

    Contract: "occurrences with an `IMMIGRATION` custody record and at least one referral ÷
    occurrences with such a record".
    """
    tally.begin(starts_on("NCCU_INTEL", day_of(as_at)), "nccu_capture_completeness")
    for record, _, is_referred in detentions(known, as_at):
        # Contract: "an occurrence's month and team are those of its first such record"
        day = day_of(record["detained_at"])
        person = people.resolve(record["arresting_officer_no"], day)
        units = people.with_above(people.team(person, day), day)
        tally.add("nccu_capture_completeness", month_of(day), units, is_referred)


def detentions(known: Known, as_at: datetime) -> Iterator[tuple[Row, str | None, bool]]:
    """Yield the first `IMMIGRATION` custody record of each occurrence.

    Each item has the record, its occurrence's reference (or None), and whether that occurrence has
    a referral.

    Contract: "A custody record without an occurrence counts as an occurrence of its own, without a
    referral".
    """
    referred = {
        row["occurrence_ref"]
        for row in table_as_at(known, "rms.nccu_referral", as_at)
        if row["occurrence_ref"]
    }
    excluded = _excluded_occurrences(known, as_at)
    seen: set[str] = set()
    for record in _immigration_custody(known, as_at):
        occurrence = record["occurrence_ref"] or None
        if occurrence is not None:
            if occurrence in excluded or occurrence in seen:
                continue
            seen.add(occurrence)
        yield record, occurrence, occurrence in referred


def _immigration_custody(known: Known, as_at: datetime) -> list[Row]:
    """Return the custody records with the reason `IMMIGRATION`, the earliest detention first."""
    rows = [
        row
        for row in table_as_at(known, "rms.custody_record", as_at)
        if row["detention_reason_code"] == "IMMIGRATION"
    ]
    return sorted(rows, key=lambda row: (row["detained_at"], row["custody_id"]))


def _excluded_occurrences(known: Known, as_at: datetime) -> set[str]:
    """Return the occurrences that capture completeness excludes.

    Contract: "An occurrence `CANCELLED` has … none in capture completeness", and a deleted one
    "counts nowhere". An occurrence that RMS never delivered is not excluded.
    """
    standing = table_as_at(known, "rms.occurrence", as_at)
    cancelled = {row["occurrence_ref"] for row in standing if row["status"] == "CANCELLED"}
    return cancelled | gone_as_at(known, "rms.occurrence", "occurrence_ref", as_at)


def incident_facts(known: Known, as_at: datetime) -> dict[str, Row]:
    """Return the rows of `fct_oic_incident`.

    Contract: a row is an "occurrence with the OIC qualifier" that is not `CANCELLED`.
    """
    referrals = table_as_at(known, "rms.nccu_referral", as_at)
    reports = table_as_at(known, "intel.report", as_at)
    facts = {}
    for row in table_as_at(known, "rms.occurrence", as_at):
        if not row["is_oic"] or row["status"] == "CANCELLED":
            continue
        ref = row["occurrence_ref"]
        facts[ref] = {
            "reported_at": row["reported_at"],
            "detection_route": row["detection_route"],
            "district_code": row["district_code"],
            "persons_count": row["persons_count"],
            "referral_count": sum(r["occurrence_ref"] == ref for r in referrals),
            "intelligence_count": sum(r["occurrence_ref"] == ref for r in reports),
        }
    return facts


def report_facts(known: Known, as_at: datetime) -> dict[str, Row]:
    """Return the rows of `fct_intelligence_report`: every report that exists, "metadata only"."""
    return {
        row["report_urn"]: {
            "submitted_at": row["submitted_at"],
            "status": row["status"],
            "grading_scheme": row["grading_scheme"],
            "is_graded_validly": grading_is_valid(row),
            "handling_code": row["handling_code"],
        }
        for row in table_as_at(known, "intel.report", as_at)
    }


def pooled(facts: list[ReferralFact], first: date, last: date) -> tuple[int, int]:
    """Return numerator and denominator of `nccu_intel_compliance` over several months.

    The referrals of all units count.
    """
    numerator = denominator = 0
    for fact in facts:
        month = month_of(day_of(fact.contacted_at))
        if fact.is_counted and first <= month <= last:
            denominator += 1
            if fact.is_compliant:
                numerator += 1
    return numerator, denominator
