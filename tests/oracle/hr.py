"""Find officers and units on a day. The contract takes them from "that day's snapshot alone"."""

from __future__ import annotations

from datetime import date

from .known import Known, snapshot_on
from .model import Row
from .policy import on

Person = tuple[str, str]  # ("employee", employee_no) or ("number", unresolved collar number)
UNKNOWN = "UNKNOWN"
FORCE = "ALL"


class People:
    """Finds the officers in post, the holder of a collar number, and the units above a unit."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self._listed: dict[date, list[Row]] = {}
        self._parents: dict[date, dict[str, str | None]] = {}
        #: The units that a file lists as the whole force. Contract: "exactly one row of kind
        #: `FORCE`, `ALL`".
        self._tops = {
            row["org_unit_code"]
            for delivery in known.deliveries.get("hr/org_unit", [])
            for row in delivery.sheets[""]
            if row["kind"] == "FORCE"
        }

    def unit(self, code: str) -> str:
        """Return the code under which the marts show a unit."""
        return FORCE if code in self._tops else code

    def listed(self, day: date) -> list[Row]:
        """Return the personnel rows that apply to a day.

        Contract: "the latest personnel file dated at or before the day (before the first, the
        first)".
        """
        if day not in self._listed:
            delivery = snapshot_on(self.known, "hr/personnel", day)
            rows = delivery.sheets[""] if delivery else []
            self._listed[day] = [
                {**row, "org_unit_code": self.unit(row["org_unit_code"])} for row in rows
            ]
        return self._listed[day]

    def in_post_on(self, day: date) -> list[Row]:
        """Return everybody who is in post on a day, according to that day's snapshot."""
        return [row for row in self.listed(day) if in_post(row, day)]

    def resolve(self, number: str, day: date) -> Person:
        """Return the person to whom a collar number belongs on a day.

        Contract: a number is resolved "to the one person in post with that number; nobody, or two,
        is unresolved". "An unresolved number is the same person as the same number unresolved, and
        nobody else."
        """
        found = [row for row in self.in_post_on(day) if row["collar_no"] == number]
        if len(found) == 1:
            return ("employee", found[0]["employee_no"])
        return ("number", number)

    def team(self, person: Person, day: date) -> str:
        """Return the code of a person's team on a day.

        Contract: "An officer number that resolves to nobody has … `UNKNOWN`".
        """
        if person[0] == "number":
            return UNKNOWN
        for row in self.listed(day):
            if row["employee_no"] == person[1]:
                return str(row["org_unit_code"])
        return UNKNOWN

    def with_above(self, unit: str, day: date) -> list[str]:
        """Return the codes of a unit and of all units above it on a day, but for the whole force.

        The hierarchy is that of the org-unit file that is valid on the day. The contract calls it
        "the org-unit delivery latest … the day".
        """
        if unit == FORCE:
            return []
        parents = self._parents_on(day)
        chain = [unit]
        while True:
            parent = parents.get(chain[-1])
            if not parent or parent in chain or parent in self._tops:
                return chain
            chain.append(parent)

    def _parents_on(self, day: date) -> dict[str, str | None]:
        if day not in self._parents:
            delivery = snapshot_on(self.known, "hr/org_unit", day)
            rows = delivery.sheets[""] if delivery else []
            self._parents[day] = {r["org_unit_code"]: r["parent_org_unit_code"] for r in rows}
        return self._parents[day]


def in_post(row: Row, day: date) -> bool:
    """Return whether the officer of a personnel row is in post on a day.

    Contract: "`start_date <= day` and `leave_date` blank or `>= day`".
    """
    if row["start_date"] > day:
        return False
    return row["leave_date"] is None or row["leave_date"] >= day


def long_term_absent(row: Row, day: date) -> bool:
    """Return whether a personnel row shows a long-term absence on a day.

    By default, these are "`LONG_TERM_SICK`, `MATERNITY`, `CAREER_BREAK`, `SECONDMENT`".
    """
    return bool(on(day, "policy_absence", absence_status=row["absence_status"]))
