"""Find all exceptions, such as a referral without its document or an overdue plan.

An exception is a tuple: code, record, unit, and the moment at which it began. The record of a
training exception is the item and not the officer, so several such tuples can be equal.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

from .clock import day_of, midnight
from .hr import People
from .known import Known, full_as_at, table_as_at
from .model import Row
from .plans import plan_is_met, plans_as_at
from .policy import on, starts_on
from .referrals import ReferralFact, detentions
from .training import Requirement

OpenException = tuple[str, str, str, datetime]
CODES = {
    "missing": "REFERRAL_DOCUMENT_MISSING",
    "submitted_by_other": "REFERRAL_DOCUMENT_BY_OTHER",
    "submitted_invalid": "REFERRAL_DOCUMENT_INVALID",
}


def exceptions(
    known: Known,
    people: People,
    as_at: datetime,
    facts: list[ReferralFact],
    requirements: list[Requirement],
    met: dict[str, bool],
) -> Counter[OpenException]:
    """Return all exceptions as at a moment, each with the number of its occurrences."""
    found: Counter[OpenException] = Counter()
    found.update(_of_referrals(facts))
    found.update(_of_documents(known, people, as_at, facts))
    found.update(_of_detentions(known, people, as_at))
    found.update(_of_training(known, as_at, requirements))
    found.update(_of_plans(known, as_at, met))
    return found


def _of_referrals(facts: list[ReferralFact]) -> list[OpenException]:
    found = []
    for fact in facts:
        where = (fact.referral_ref, fact.org_unit_code, fact.contacted_at)
        if fact.is_counted and fact.intelligence_class in CODES:
            found.append((CODES[fact.intelligence_class], *where))
        if fact.person[0] == "number":
            found.append(("REFERRAL_OFFICER_UNRESOLVED", *where))
    return found


def _of_documents(
    known: Known, people: People, as_at: datetime, facts: list[ReferralFact]
) -> list[OpenException]:
    """List submitted documents whose author is unknown, or that name a referral without a row."""
    existing = {fact.referral_ref for fact in facts}
    found = []
    for row in table_as_at(known, "intel.report", as_at):
        submitted = row["submitted_at"]
        if submitted is None or row["status"] == "DRAFT":
            continue
        kind = row["document_type_code"]
        if not on(day_of(submitted), "policy_document_type", document_type_code=kind):
            continue
        person = people.resolve(row["author_officer_no"], day_of(submitted))
        where = (row["report_urn"], people.team(person, day_of(submitted)), submitted)
        if person[0] == "number":
            found.append(("DOCUMENT_OFFICER_UNRESOLVED", *where))
        if row["nccu_referral_ref"] and row["nccu_referral_ref"] not in existing:
            found.append(("DOCUMENT_NAMES_NO_REFERRAL", *where))
    return found


def _of_detentions(known: Known, people: People, as_at: datetime) -> list[OpenException]:
    found = []
    for record, occurrence, is_referred in detentions(known, as_at):
        if not is_referred:
            day = day_of(record["detained_at"])
            team = people.team(people.resolve(record["arresting_officer_no"], day), day)
            name = occurrence or f"custody {record['custody_id']}"
            found.append(("CUSTODY_WITHOUT_REFERRAL", name, team, record["detained_at"]))
    return found


def _of_training(
    known: Known, as_at: datetime, requirements: list[Requirement]
) -> list[OpenException]:
    """List the launched items that officers in post have not completed.

    For Hydra, the exception is the missing place if there is none in a session today or later.
    Officers on a long-term absence have no exceptions. Nobody owes an item before it was launched,
    or before they joined.
    """
    booked = _booked(known, as_at)
    found = []
    for fact in requirements:
        (item,) = on(day_of(as_at), "policy_training_item", requirement_code=fact.requirement_code)
        launch = date.fromisoformat(item["launched_on"])
        if fact.is_complete or fact.is_long_term_absent or not fact.is_in_post:
            continue
        if launch > day_of(as_at):
            continue
        owed_from = max(launch, fact.joined_on)
        where = (fact.requirement_code, fact.org_unit_code, midnight(owed_from))
        lacks_place = fact.requirement_code == "HYDRA" and fact.employee_no not in booked
        code = "HYDRA_PLACE_MISSING" if lacks_place else "TRAINING_OUTSTANDING"
        found.append((code, *where))
    return found


def _booked(known: Known, as_at: datetime) -> set[str]:
    delivery = full_as_at(known, "hydra/attendance", as_at)
    if delivery is None:
        return set()
    to_come = {
        row["session_code"]
        for row in delivery.sheets["Sessions"]
        if row["session_date"] is not None and row["session_date"] >= day_of(as_at)
    }
    attendance = delivery.sheets["Attendance"]
    return {row["employee_no"] for row in attendance if row["session_code"] in to_come}


def _of_plans(known: Known, as_at: datetime, met: dict[str, bool]) -> list[OpenException]:
    today = day_of(as_at)
    replaced = _replaced(plans_as_at(known, as_at), today)
    found = [
        ("PLAN_REVIEW_OVERDUE", plan["plan_ref"], "ALL", _after(plan["review_due_date"]))
        for plan in plans_as_at(known, as_at)
        if plan["review_due_date"] is not None
        and plan["review_due_date"] < today
        and plan["plan_ref"] not in replaced
    ]
    first = starts_on("INTEL_PLAN", today)
    if today >= first:
        found += [
            ("PLAN_STRAND_NOT_MET", strand, "ALL", midnight(first))
            for strand, is_met in met.items()
            if not is_met
        ]
    delivery = full_as_at(known, "governance/plans", as_at)
    for row in delivery.sheets.get("Milestones", []) if delivery else []:
        completed = row["completed_date"]
        is_done = completed is not None and completed <= today
        if row["plan_ref"] in replaced:
            continue
        if not is_done and row["due_date"] is not None and row["due_date"] < today:
            name = f"{row['plan_ref']}: {row['milestone']}"
            found.append(("PLAN_MILESTONE_OVERDUE", name, "ALL", _after(row["due_date"])))
    return found


def _replaced(plans: list[Row], today: date) -> set[str]:
    """Return the references of the plans that another plan has replaced.

    The other plan belongs to the same strand, was approved later, and fulfils all conditions today.
    """
    good = [plan for plan in plans if plan_is_met(plan, today)]
    return {
        plan["plan_ref"]
        for plan in plans
        if plan["approved_date"] is not None
        and any(
            later["strand"] == plan["strand"] and later["approved_date"] > plan["approved_date"]
            for later in good
        )
    }


def _after(day: date) -> datetime:
    return midnight(day + timedelta(days=1))
