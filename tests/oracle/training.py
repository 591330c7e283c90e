"""Find who must do Hydra and e-learning on a day, and what each officer had completed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from .clock import day_of, month_end, months
from .hr import People, in_post, long_term_absent
from .known import Known, full_as_at
from .model import Row
from .policy import PolicyRow, current, needed, on, starts_on
from .tally import Tally

#: A version of a module with the day of its launch.
Version = tuple[str, str, str]


@dataclass
class Completed:
    """The first day on which each officer completed each requirement.

    `hydra` maps employee numbers to days. `modules` has such a mapping for each version.
    """

    hydra: dict[str, date]
    modules: dict[Version, dict[str, date]]

    def on(self, employee: str, item: PolicyRow) -> date | None:
        """Return the day on which an officer completed an item, or None."""
        by_person = self.modules[_version(item)] if item["module_version"] else self.hydra
        return by_person.get(employee)

    def by(self, employee: str, item: PolicyRow, day: date) -> bool:
        """Return whether an officer had completed an item by a day."""
        when = self.on(employee, item)
        return when is not None and when <= day


def _version(item: PolicyRow) -> Version:
    return item["requirement_code"], item["module_version"], item["launched_on"]


def completed(known: Known, as_at: datetime) -> Completed:
    """Return all completions as at `as_at`."""
    versions = {
        _version(item) for item in current.policy["policy_training_item"] if item["module_version"]
    }
    modules = {version: _module_completed(known, version, as_at) for version in versions}
    return Completed(_hydra_completed(known, as_at), modules)


def _module_completed(known: Known, version: Version, as_at: datetime) -> dict[str, date]:
    """Return the day on which each employee first completed a version of a module.

    Contract: "complete at the first `COMPLETED` of its current version, not before its launch nor
    after `as_at`".
    """
    first: dict[str, date] = {}
    for delivery in known.deliveries.get("lms/completions", []):
        if delivery.version_time > as_at:
            continue
        for row in delivery.sheets[""]:
            if (row["module_code"], row["module_version"]) != version[:2]:
                continue
            when: datetime | None = row["completed_at"]
            if row["status"] != "COMPLETED" or when is None or when > as_at:
                continue
            day = day_of(when)
            if day < date.fromisoformat(version[2]):
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


def relevant(people: People, point: str, day: date) -> list[tuple[Row, list[PolicyRow]]]:
    """Return the officers in post on a day whose role needs items of a point, with these items.

    An officer is a row of the personnel file.
    """
    found = []
    for row in people.in_post_on(day):
        items = [item for item in needed(row["role_code"], day) if item["point_code"] == point]
        if items:
            found.append((row, items))
    return found


def _is_done(done: Completed, row: Row, items: list[PolicyRow], day: date) -> bool:
    return all(done.by(row["employee_no"], item, day) for item in items)


def count(people: People, done: Completed, point: str, day: date) -> tuple[int, int]:
    """Return the numerator and denominator of a training point's first measure on a day."""
    complete = [
        _is_done(done, row, items, day)
        for row, items in relevant(people, point, day)
        if not long_term_absent(row, day)
    ]
    return sum(complete), len(complete)


def count_with_absent(people: People, done: Completed, point: str, day: date) -> tuple[int, int]:
    """Return numerator and denominator of a training point's second measure on a day."""
    complete = [_is_done(done, row, items, day) for row, items in relevant(people, point, day)]
    return sum(complete), len(complete)


def tally_training(people: People, done: Completed, today: date, tally: Tally) -> None:
    """Add the training measures to the tally "as at month end" or, this month, "today"."""
    modules = {
        f"elearning_module_{row['requirement_code'].removeprefix('OIC-EL-')}"
        for row in current.policy["policy_training_item"]
        if row["point_code"] == "ELEARNING"
    }
    for point, further in (("HYDRA", set()), ("ELEARNING", modules)):
        start, measure = starts_on(point, today), f"{point.lower()}_completion"
        tally.begin(start, measure, f"{measure}_incl_absent", *further)
        for month in months(start, today):
            _tally(people, done, point, min(month_end(month), today), month, tally)


def _tally(
    people: People, done: Completed, point: str, day: date, month: date, tally: Tally
) -> None:
    measure = f"{point.lower()}_completion"
    modules = [row["requirement_code"] for row in on(day, "policy_training_item", point_code=point)]
    for row, items in relevant(people, point, day):
        units = people.with_above(row["org_unit_code"], day)
        hit = _is_done(done, row, items, day)
        tally.add(f"{measure}_incl_absent", month, units, hit)
        if long_term_absent(row, day):
            continue
        tally.add(measure, month, units, hit)
        hits = {item["requirement_code"]: done.by(row["employee_no"], item, day) for item in items}
        for module in modules if point == "ELEARNING" else ():
            # Whoever needs the package is in the denominator of each of its modules.
            number = module.removeprefix("OIC-EL-")
            tally.add(f"elearning_module_{number}", month, units, hits.get(module, False))


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
        for item in needed(row["role_code"], today):
            when = done.on(row["employee_no"], item)
            facts.append(
                Requirement(
                    employee_no=row["employee_no"],
                    requirement_code=item["requirement_code"],
                    org_unit_code=row["org_unit_code"],
                    is_in_post=in_post(row, today),
                    is_long_term_absent=long_term_absent(row, today),
                    is_complete=when is not None,
                    completed_on=when,
                    joined_on=row["start_date"],
                )
            )
    return facts
