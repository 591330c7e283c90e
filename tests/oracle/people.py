"""Make the HR files of a world: personnel files and files of organisational units.

The hierarchy of units changes over time, and so do officers' teams, roles and collar numbers.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from .clock import midnight
from .model import Delivery, Row, Style
from .span import END, START, hr_days, random_style

ROLES = (
    *("RESPONSE", "RESPONSE_SUPERVISOR", "RESPONSE_SUPERVISOR", "ROADS_POLICING"),
    *("NEIGHBOURHOOD", "CUSTODY", "CONTROL_ROOM", "CONTROL_ROOM", "INTELLIGENCE"),
    *("INTELLIGENCE", "FINANCE", "DOG_HANDLER"),
)
LONG_TERM = ("LONG_TERM_SICK", "MATERNITY", "CAREER_BREAK", "SECONDMENT")
TEAMS = ("T1", "T2", "T3", "T4", "T5", "T6")
MOVE_T3 = date(2025, 10, 15)
MOVE_D2 = date(2026, 3, 18)
NEW_T9 = date(2026, 2, 11)
GONE_T6 = date(2026, 5, 6)


@dataclass
class Career:
    """The career of one officer.

    Each attribute is a list of pairs (first day, value). A value applies until the next value
    begins. The personnel files list the officer from the day `listed_from` until the day before
    `dropped_from`. From the day `leave_keyed` on, they show the leaving date `leave`.
    """

    employee_no: str
    start: date
    listed_from: date
    attributes: dict[str, list[tuple[date, str]]]
    leave: date | None = None
    leave_keyed: date | None = None
    dropped_from: date | None = None
    absences: list[tuple[date, date, str]] = field(default_factory=list)

    def value(self, name: str, day: date) -> str:
        """Return the value of an attribute on a day."""
        current = self.attributes[name][0][1]
        for since, value in self.attributes[name]:
            if since <= day:
                current = value
        return current

    def row(self, day: date) -> Row | None:
        """Return the officer's row in the snapshot of a day, or None if the officer has no row."""
        if day < self.listed_from or (self.dropped_from and day >= self.dropped_from):
            return None
        absence = [status for first, last, status in self.absences if first <= day <= last]
        keyed = self.leave_keyed is not None and day >= self.leave_keyed
        return {
            "employee_no": self.employee_no,
            "collar_no": self.value("collar_no", day),
            "employment_type": self.value("employment_type", day),
            "rank_grade": "PC",
            "role_code": self.value("role_code", day),
            "org_unit_code": self.value("org_unit_code", day),
            "start_date": self.start,
            "leave_date": self.leave if keyed else None,
            "absence_status": absence[-1] if absence else None,
        }


def make_careers(rng: random.Random) -> list[Career]:
    """Make the careers of 36 officers.

    Some officers join, leave, move to another team or are absent. Some collar numbers belong to two
    officers, either at the same time or one after the other.
    """
    careers = [_career(rng, number) for number in range(36)]
    _reuse(careers[30], careers[0], END - timedelta(days=rng.randint(120, 300)))
    _reuse(careers[31], careers[1], date(2025, 10, rng.randint(20, 30)))
    _share(careers[2], careers[3], END - timedelta(days=rng.randint(40, 400)))
    _share(careers[32], careers[4], START)  # two officers have the same number from the beginning
    careers[5].attributes["collar_no"] = [(START, "0412")]
    careers[6].attributes["collar_no"] = [(START, "412")]
    careers[7].dropped_from = END - timedelta(days=rng.randint(20, 90))
    return careers


def _random_day(rng: random.Random) -> date:
    return START + timedelta(days=rng.randint(30, (END - START).days))


def _career(rng: random.Random, number: int) -> Career:
    start = date(2015, 1, 1) + timedelta(days=rng.randint(0, 3400))
    career = Career(
        employee_no=f"{number * 31 + 77:06d}" if number % 3 else f"{100000 + number * 917}",
        start=start,
        listed_from=START,
        attributes={
            "collar_no": [(START, str(1000 + number * 7))],
            "employment_type": [(START, rng.choice(("OFFICER", "OFFICER", "STAFF", "PCSO")))],
            "role_code": [(START, rng.choice(ROLES))],
            "org_unit_code": [(START, rng.choice((*TEAMS, "D1", "NP")))],
        },
    )
    for name, values in (("role_code", ROLES), ("org_unit_code", (*TEAMS, "T9"))):
        for _ in range(rng.choice((0, 0, 1, 2))):
            career.attributes[name].append((_random_day(rng), rng.choice(values)))
        career.attributes[name].sort(key=lambda change: change[0])
    if rng.random() < 0.25:
        first = _random_day(rng)
        last = first + timedelta(days=rng.randint(10, 200))
        career.absences.append((first, last, rng.choice(LONG_TERM)))
    if number >= 28:  # joins during the period; HR lists the officer some days early or late
        career.start = _random_day(rng)
        career.listed_from = career.start + timedelta(days=rng.randint(-12, 5))
    elif rng.random() < 0.3:  # leaves; HR records this up to 14 days early or some days late
        career.leave = _random_day(rng)
        career.leave_keyed = career.leave + timedelta(days=rng.randint(-14, 6))
    return career


def _reuse(joiner: Career, leaver: Career, last_day: date) -> None:
    """Give a leaver's collar number to an officer who starts a few days later."""
    leaver.leave, leaver.leave_keyed = last_day, last_day - timedelta(days=9)
    leaver.dropped_from = None
    joiner.start = last_day + timedelta(days=3)
    joiner.listed_from = joiner.start - timedelta(days=5)
    joiner.attributes["collar_no"] = [(START, leaver.value("collar_no", last_day))]


def _share(second: Career, first: Career, since: date) -> None:
    """From the day `since` on, give the officer `second` the same collar number as `first`."""
    number = first.value("collar_no", START)
    second.attributes["collar_no"].append((since, number))


def org_rows(day: date) -> list[Row]:
    """Return the rows of the organisational units on a day."""
    units = [
        ("NP", "Northamptonshire Police", None, "FORCE"),
        ("OPS", "Operations", "NP", "DIRECTORATE"),
        ("CRIME", "Crime; Justice", "NP", "DIRECTORATE"),
        ("D1", "District, North", "OPS", "DISTRICT"),
        ("D2", "District South", "CRIME" if day >= MOVE_D2 else "OPS", "DISTRICT"),
        ("T1", "Team 1", "D1", "TEAM"),
        ("T2", "Team 2", "D1", "TEAM"),
        ("T3", "Team 3", "D2" if day >= MOVE_T3 else "D1", "TEAM"),
        ("T4", "Team 4", "D2", "TEAM"),
        ("T5", "Team 5", "CRIME", "TEAM"),
    ]
    if day < GONE_T6:
        units.append(("T6", "Team 6", "D2", "TEAM"))
    if day >= NEW_T9:
        units.append(("T9", "Team 9", "CRIME", "TEAM"))
    names = ("org_unit_code", "org_unit_name", "parent_org_unit_code", "kind")
    return [dict(zip(names, unit, strict=True)) for unit in units]


def personnel_file(careers: list[Career], day: date, style: Style) -> Delivery:
    """Make the personnel file of a day."""
    rows = [row for career in careers if (row := career.row(day)) is not None]
    return Delivery(
        "hr/personnel",
        f"personnel_{day:%Y%m%d}.csv",
        {"": rows},
        midnight(day),
        midnight(day) + timedelta(hours=3),
        style,
    )


def org_file(day: date, style: Style) -> Delivery:
    """Make the org-unit file of a day."""
    return Delivery(
        "hr/org_unit",
        f"org_unit_{day:%Y%m%d}.csv",
        {"": org_rows(day)},
        midnight(day),
        midnight(day) + timedelta(hours=2),
        style,
    )


def hr_files(rng: random.Random, careers: list[Career]) -> list[Delivery]:
    """Make all HR files: a personnel file for each of the `hr_days`, and org-unit files.

    There is an org-unit file on about one Wednesday in three, on every Wednesday of the last three
    weeks, and on the two Wednesdays on which T3 and D2 move.
    """
    files = [personnel_file(careers, day, random_style(rng)) for day in hr_days()]
    day = START + timedelta(days=(2 - START.weekday()) % 7)
    while day <= END:
        if rng.random() < 0.35 or day >= END - timedelta(days=21) or day in (MOVE_T3, MOVE_D2):
            files.append(org_file(day, random_style(rng)))
        day += timedelta(days=7)
    return files
