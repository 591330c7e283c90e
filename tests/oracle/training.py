"""Find who must do Hydra and e-learning on a day, and what each officer had completed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from .clock import day_of, month_end, months
from .hr import People, in_post, long_term_absent
from .known import Known, full_as_at
from .model import Row
from .policy import (
    ELEARNING_ROLES,
    HYDRA_LAUNCH,
    HYDRA_ROLES,
    MODULE_LAUNCH,
    MODULE_VERSION,
    MODULES,
)
from .tally import Tally


@dataclass
class Completed:
    """The first day on which each officer completed each requirement.

    `hydra` maps employee numbers to days. `modules` has such a mapping for each module.
    """

    hydra: dict[str, date]
    modules: dict[str, dict[str, date]]  # module code -> employee -> day

    def on(self, employee: str, requirement: str) -> date | None:
        """Return the day on which an officer completed a requirement, or None."""
        by_person = self.hydra if requirement == "HYDRA" else self.modules[requirement]
        return by_person.get(employee)


def completed(known: Known, as_at: datetime) -> Completed:
    """Return all completions as at `as_at`."""
    modules = {module: _module_completed(known, module, as_at) for module in MODULES}
    return Completed(_hydra_completed(known, as_at), modules)


def _module_completed(known: Known, module: str, as_at: datetime) -> dict[str, date]:
    """Return the day on which each employee first completed a module.

    Contract: "complete at the first `COMPLETED` of its current version, not before its launch nor
    after `as_at`".
    """
    first: dict[str, date] = {}
    for delivery in known.deliveries.get("lms/completions", []):
        if delivery.version_time > as_at:
            continue
        for row in delivery.sheets[""]:
            if row["module_code"] != module or row["module_version"] != MODULE_VERSION:
                continue
            when: datetime | None = row["completed_at"]
            if row["status"] != "COMPLETED" or when is None or when > as_at:
                continue
            day = day_of(when)
            if day < MODULE_LAUNCH:
                continue
            employee = row["employee_no"]
            first[employee] = min(day, first.get(employee, day))
    return first


def _hydra_completed(known: Known, as_at: datetime) -> dict[str, date]:
    """Return the day on which each employee completed Hydra.

    Contract: "complete at the first session attended (`Y`) with outcome `PASS`".
    """
    delivery = full_as_at(known, "hydra/attendance", as_at)
    if delivery is None:
        return {}
    dates = {row["session_code"]: row["session_date"] for row in delivery.sheets["Sessions"]}
    first: dict[str, date] = {}
    for row in delivery.sheets["Attendance"]:
        day = dates.get(row["session_code"])
        if row["attended"] != "Y" or row["outcome"] != "PASS" or day is None:
            continue
        if day > day_of(as_at):
            continue
        employee = row["employee_no"]
        first[employee] = min(day, first.get(employee, day))
    return first


def relevant(people: People, roles: tuple[str, ...], day: date) -> list[Row]:
    """Return the personnel rows of the officers in post on a day who have one of the roles."""
    return [row for row in people.in_post_on(day) if row["role_code"] in roles]


def _done_by(done: Completed, employee: str, requirement: str, day: date) -> bool:
    when = done.on(employee, requirement)
    return when is not None and when <= day


def count(people: People, done: Completed, point: str, day: date) -> tuple[int, int]:
    """Return the numerator and denominator of a training point's first measure on a day."""
    roles, items = _point(point)
    numerator = denominator = 0
    for row in relevant(people, roles, day):
        if long_term_absent(row):
            continue
        denominator += 1
        if all(_done_by(done, row["employee_no"], item, day) for item in items):
            numerator += 1
    return numerator, denominator


def count_with_absent(people: People, done: Completed, point: str, day: date) -> tuple[int, int]:
    """Return numerator and denominator of a training point's second measure on a day."""
    roles, items = _point(point)
    officers = [row["employee_no"] for row in relevant(people, roles, day)]
    complete = [all(_done_by(done, officer, item, day) for item in items) for officer in officers]
    return sum(complete), len(complete)


def _point(point: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (HYDRA_ROLES, ("HYDRA",)) if point == "HYDRA" else (ELEARNING_ROLES, MODULES)


def tally_training(people: People, done: Completed, today: date, tally: Tally) -> None:
    """Add the training measures to the tally "as at month end" or, this month, "today"."""
    tally.begin(HYDRA_LAUNCH, "hydra_completion", "hydra_completion_incl_absent")
    tally.begin(
        MODULE_LAUNCH,
        "elearning_completion",
        "elearning_completion_incl_absent",
        *(f"elearning_module_{number}" for number, _ in enumerate(MODULES, 1)),
    )
    for month in months(HYDRA_LAUNCH, today):
        _tally_hydra(people, done, min(month_end(month), today), month, tally)
    for month in months(MODULE_LAUNCH, today):
        _tally_elearning(people, done, min(month_end(month), today), month, tally)


def _tally_hydra(people: People, done: Completed, day: date, month: date, tally: Tally) -> None:
    for row in relevant(people, HYDRA_ROLES, day):
        units = people.with_above(row["org_unit_code"], day)
        hit = _done_by(done, row["employee_no"], "HYDRA", day)
        tally.add("hydra_completion_incl_absent", month, units, hit)
        if not long_term_absent(row):
            tally.add("hydra_completion", month, units, hit)


def _tally_elearning(people: People, done: Completed, day: date, month: date, tally: Tally) -> None:
    for row in relevant(people, ELEARNING_ROLES, day):
        units = people.with_above(row["org_unit_code"], day)
        hits = [_done_by(done, row["employee_no"], module, day) for module in MODULES]
        tally.add("elearning_completion_incl_absent", month, units, all(hits))
        if long_term_absent(row):
            continue
        tally.add("elearning_completion", month, units, all(hits))
        for number, hit in enumerate(hits, 1):
            tally.add(f"elearning_module_{number}", month, units, hit)


@dataclass
class Requirement:
    """One row of `fct_training_requirement`, and the day on which the officer joined."""

    employee_no: str
    requirement_code: str
    org_unit_code: str
    is_in_post: bool
    is_long_term_absent: bool
    is_complete: bool
    completed_on: date | None
    joined_on: date


def requirement_facts(people: People, done: Completed, today: date) -> list[Requirement]:
    """Return the rows of `fct_training_requirement`: one for each "person and required item".

    The persons are the officers listed in today's personnel file. An item is required if policy
    requires it for the officer's role.
    """
    facts = []
    for row in people.listed(today):
        items = MODULES if row["role_code"] in ELEARNING_ROLES else ()
        if row["role_code"] in HYDRA_ROLES:
            items = ("HYDRA", *items)
        for item in items:
            when = done.on(row["employee_no"], item)
            facts.append(
                Requirement(
                    employee_no=row["employee_no"],
                    requirement_code=item,
                    org_unit_code=row["org_unit_code"],
                    is_in_post=in_post(row, today),
                    is_long_term_absent=long_term_absent(row),
                    is_complete=when is not None,
                    completed_on=when,
                    joined_on=row["start_date"],
                )
            )
    return facts
