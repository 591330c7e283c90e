"""Short functions with which tests write worked examples of the contract.

Whatever an example leaves out has a default.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from .clock import midnight, wall
from .figures import Figures, figures
from .known import learn
from .model import KEYS, Delivery, Row, Step

EARLY = wall("2024-01-01T00:00")


def person(employee: str, collar: str, **more: Any) -> Row:
    """Return a row of the personnel file."""
    row = {
        "employee_no": employee,
        "collar_no": collar,
        "employment_type": "OFFICER",
        "rank_grade": "PC",
        "role_code": "RESPONSE",
        "org_unit_code": "T1",
        "start_date": date(2020, 1, 1),
        "leave_date": None,
        "absence_status": None,
    }
    return {**row, **more}


def unit(code: str, parent: str | None) -> Row:
    """Return a row of the org-unit file."""
    return {
        "org_unit_code": code,
        "org_unit_name": code,
        "parent_org_unit_code": parent,
        "kind": "TEAM",
    }


def dated(dataset: str, day: str, sheets: dict[str, list[Row]] | list[Row]) -> Delivery:
    """Return a file with a date in its name."""
    moment = midnight(date.fromisoformat(day))
    content = sheets if isinstance(sheets, dict) else {"": sheets}
    return Delivery(dataset, f"x_{day.replace('-', '')}", content, moment, moment)


def undated(dataset: str, moment: str, sheets: dict[str, list[Row]] | list[Row]) -> Delivery:
    """Return a file without a date in its name. `moment` is its modification time."""
    content = sheets if isinstance(sheets, dict) else {"": sheets}
    return Delivery(dataset, "x", content, wall(moment), wall(moment))


def referral(ref: str, officer: str, contacted: str, **more: Any) -> Row:
    """Return a referral, in occurrence `O1` by default."""
    row = {
        "referral_ref": ref,
        "occurrence_ref": "O1",
        "reporting_officer_no": officer,
        "contacted_at": wall(contacted),
        "channel": "PHONE",
        "referral_type": "IMMIGRATION_CRIME",
        **_stamps(),
    }
    return {**row, **more}


def document(urn: str, officer: str, submitted: str | None, **more: Any) -> Row:
    """Return a report that counts as a document. It is in occurrence `O1` and names no referral."""
    row = {
        "report_urn": urn,
        "document_type_code": "NCCU_INTEL",
        "grading_scheme": "3x5x2",
        "source_evaluation": "1",
        "intelligence_assessment": "A",
        "handling_code": "P",
        "handling_conditions": None,
        "author_officer_no": officer,
        "occurrence_ref": "O1",
        "nccu_referral_ref": None,
        "status": "SUBMITTED",
        "submitted_at": wall(submitted) if submitted else None,
        **_stamps(),
    }
    return {**row, **more}


def custody(occurrence: str | None, officer: str, detained: str, **more: Any) -> Row:
    """Return a custody record with the reason `IMMIGRATION`."""
    row = {
        "occurrence_ref": occurrence,
        "arresting_officer_no": officer,
        "detention_reason_code": "IMMIGRATION",
        "detained_at": wall(detained),
        **_stamps(),
    }
    return {**row, **more}


def occurrence(ref: str, status: str = "OPEN", **more: Any) -> Row:
    """Return an occurrence with the OIC qualifier."""
    row = {
        "occurrence_ref": ref,
        "is_oic": True,
        "detection_route": "OTHER",
        "district_code": "D1",
        "persons_count": 1,
        "status": status,
        "reported_at": wall("2026-01-05T12:00"),
        **_stamps(),
    }
    return {**row, **more}


def _stamps() -> Row:
    return {"created_at": EARLY, "updated_at": EARLY, "deleted_at": None}


def stamped(row: Row, created: str, updated: str, deleted: str | None = None) -> Row:
    """Return a row with `created_at`, `updated_at` and `deleted_at`."""
    gone = wall(deleted) if deleted else None
    return {**row, "created_at": wall(created), "updated_at": wall(updated), "deleted_at": gone}


TWO = [person("000001", "11"), person("000002", "22", org_unit_code="T2")]
UNITS = [unit("F", None), unit("D1", "F"), unit("T1", "D1"), unit("T2", "D1")]


def step(*files: Delivery, **tables: list[Row]) -> Step:
    """Return a step of a world with an example's files and rows.

    The rows are the keyword arguments `referrals`, `documents`, `custody` and `occurrences`.
    Without a personnel file, there are two officers: collar number 11 in team T1, and 22 in T2.
    """
    names = {
        "referrals": "rms.nccu_referral",
        "documents": "intel.report",
        "custody": "rms.custody_record",
        "occurrences": "rms.occurrence",
    }
    content: dict[str, list[Row]] = {name: [] for name in KEYS}
    for short, rows in tables.items():
        key = KEYS[names[short]]
        content[names[short]] = [{key: n, **row} for n, row in enumerate(rows, 1)]
    given = {delivery.dataset for delivery in files}
    more = []
    if "hr/personnel" not in given:
        more.append(dated("hr/personnel", "2024-12-01", TWO))
    if "hr/org_unit" not in given:
        more.append(dated("hr/org_unit", "2024-12-01", UNITS))
    return Step(content, [*files, *more])


def nothing(reconciled: str) -> Step:
    """Return a step in which the databases are empty.

    A run at the moment `reconciled` therefore finds that all records of earlier steps have
    vanished.
    """
    return Step({name: [] for name in KEYS}, [], wall(reconciled))


def at(moment: str, *steps: Step) -> Figures:
    """Compute the figures as at a moment."""
    return figures(learn(steps), wall(moment))
