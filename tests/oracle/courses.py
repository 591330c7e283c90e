"""Make the training files: e-learning completions and Hydra workbooks.

The completions files are deliveries of changes. The periods of two successive files overlap.
"""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Any

from .clock import day_of, from_wall, midnight
from .model import Delivery, Row
from .people import Career
from .span import END, START, random_style

MODULES = ("OIC-EL-1", "OIC-EL-2", "OIC-EL-3", "OIC-EL-4")
#: The roles whose officers mostly take the courses.
HYDRA_ROLES = ("RESPONSE_SUPERVISOR", "CONTROL_ROOM", "INTELLIGENCE")
ELEARNING_ROLES = (*HYDRA_ROLES, "RESPONSE", "ROADS_POLICING", "NEIGHBOURHOOD", "CUSTODY")
FIRST_FILE = date(2025, 5, 26)
Event = tuple[date, Row]  # (the first day on which the LMS knew the event, the event's line)


def _line(employee: str, module: str, version: str, status: str, when: datetime | None) -> Row:
    return {
        "employee_no": employee,
        "course_code": "OIC",
        "module_code": module,
        "module_version": version,
        "status": status,
        "completed_at": when,
        "score": None if status in ("ENROLLED", "IN_PROGRESS") else 60 + int(employee) % 40,
    }


def _moment(rng: random.Random, first: date, last: date) -> datetime:
    """Draw a moment, usually on a day from `first` to `last`.

    Some moments are at an edge of the calendar, such as a clock change.
    """
    edges = (
        datetime(2025, 5, 31, 23, 59, 59),  # noqa: DTZ001 - wall clock, before the launch
        datetime(2025, 6, 1),  # noqa: DTZ001
        datetime(2025, 10, 26, 1, 30),  # noqa: DTZ001 - an hour that is repeated
        datetime(2026, 3, 29, 1, 30),  # noqa: DTZ001 - an hour that is skipped
        datetime(2026, 4, 30, 23, 59, 59),  # noqa: DTZ001 - the deadline's last second
        datetime(2026, 5, 1),  # noqa: DTZ001 - the first moment that is too late
        datetime(2025, 12, 31, 23, 30),  # noqa: DTZ001
        datetime(2025, 12, 20, 12),  # noqa: DTZ001 - exactly at the moment of a run
    )
    if rng.random() < 0.25:
        edge = from_wall(rng.choice(edges))
        if first <= day_of(edge) <= last or last > date(2026, 5, 1):
            return edge
    day = first + timedelta(days=rng.randint(0, max(0, (last - first).days)))
    return from_wall(datetime.combine(day, time(rng.randint(7, 22), rng.randint(0, 59))))


def _events(rng: random.Random, careers: list[Career], diligence: float) -> list[Event]:
    """Make the events in the learning management system (LMS).

    Each event is a line of the LMS's report, with the first day on which the LMS knows the line.
    """
    events: list[Event] = []
    for career in careers:
        needed = career.value("role_code", END) in ELEARNING_ROLES or diligence == 1.0
        if not needed and rng.random() < 0.6:
            continue
        for module in MODULES:
            events += _module_events(rng, career.employee_no, module, diligence)
    return events


def _known_on(rng: random.Random, when: datetime) -> date:
    late = rng.choice((0, 0, 0, 1, 2, 9, 40))
    return min(max(day_of(when) + timedelta(days=late), FIRST_FILE), END - timedelta(days=1))


def _module_events(rng: random.Random, employee: str, module: str, diligence: float) -> list[Event]:
    last = date(2026, 4, 29) if diligence >= 0.97 else END - timedelta(days=1)
    events: list[Event] = []
    when = _moment(rng, date(2025, 6, 1), last)
    if rng.random() < 0.4:
        start = max(FIRST_FILE, day_of(when) - timedelta(days=20))
        events.append((start, _line(employee, module, "1", "ENROLLED", None)))
    if rng.random() < 0.15:
        failed = when - timedelta(days=3)
        events.append((_known_on(rng, failed), _line(employee, module, "1", "FAILED", failed)))
    if rng.random() < diligence:
        events.append((_known_on(rng, when), _line(employee, module, "1", "COMPLETED", when)))
        if rng.random() < 0.2:  # a second attempt
            again = when + timedelta(days=rng.randint(1, 60), minutes=7)
            known = _known_on(rng, again)
            events.append((known, _line(employee, module, "1", "COMPLETED", again)))
    elif rng.random() < 0.6:  # a completion that must not count
        early = from_wall(datetime(2025, 5, 20, 10))  # noqa: DTZ001
        future = midnight(END + timedelta(days=rng.randint(3, 90)))
        version, moment = rng.choice((("2", when), ("0", when), ("1", early), ("1", future)))
        line = _line(employee, module, version, "COMPLETED", moment)
        events.append((_known_on(rng, min(moment, midnight(END))), line))
    return events


def completion_file(events: list[Event], first: date, day: date, rng: random.Random) -> Delivery:
    """Make the file of changes for a day.

    The file lists the events that became known on the days from `first` until the day before `day`.
    Each key is listed once.
    """
    rows: dict[tuple[Any, ...], Row] = {}
    for known, row in events:
        if first <= known < day:
            rows[tuple(value for name, value in row.items() if name != "score")] = row
    return Delivery(
        "lms/completions",
        f"completions_{day:%Y%m%d}.csv",
        {"": list(rows.values())},
        midnight(day),
        midnight(day) + timedelta(hours=4),
        random_style(rng),
    )


def completion_files(rng: random.Random, careers: list[Career], diligence: float) -> list[Delivery]:
    """Make all files of changes. Each repeats the last three days of the previous file."""
    events = _events(rng, careers, diligence)
    chosen = [FIRST_FILE + timedelta(days=7 * week) for week in range(57)]
    chosen = [day for day in chosen if day < END - timedelta(days=10)]
    chosen += [END - timedelta(days=back) for back in range(10, -1, -1)]
    chosen += [date(2025, 12, 31), date(2026, 1, 2), date(2026, 5, 1)]
    files, before = [], START
    for day in sorted(set(chosen)):
        files.append(completion_file(events, before - timedelta(days=3), day, rng))
        before = day
    return files


def _sessions(rng: random.Random) -> list[Row]:
    days = [date(2025, 8, 20), date(2025, 9, 1), date(2026, 4, 30), date(2026, 5, 1), END]
    days += [date(2025, 9, 10) + timedelta(days=rng.randint(0, 270)) for _ in range(9)]
    days += [END + timedelta(days=12), END + timedelta(days=40)]
    return [
        {
            "session_code": f"H{number:02d}",
            "session_date": day,
            "venue": rng.choice(("Wootton Hall", "Darby House")),
            "capacity": rng.randint(4, 28),
        }
        for number, day in enumerate(days, 1)
    ]


def _attendance(
    rng: random.Random, careers: list[Career], sessions: list[Row], diligence: float
) -> list[Row]:
    rows = []
    for session in sessions:
        for career in careers:
            needs = career.value("role_code", session["session_date"]) in HYDRA_ROLES
            if rng.random() > (0.12 + 0.5 * diligence**8 if needs else 0.04):
                continue
            good = [("Y", "PASS")] * (6 if diligence < 0.97 else 30)
            attended, outcome = rng.choice(
                [*good, ("Y", "REFER"), ("N", None), ("N", "PASS"), ("Y", None)]
            )
            rows.append(
                {
                    "session_code": session["session_code"],
                    "employee_no": career.employee_no,
                    "attended": attended,
                    "outcome": outcome,
                }
            )
    return rows


def hydra_file(sessions: list[Row], attendance: list[Row], day: date) -> Delivery:
    """Make the Hydra workbook of a day.

    For a session on that day or later, nearly all lines are bookings without attendance. Some
    workbooks omit a few lines that other workbooks have.
    """
    known = [row for row in sessions if row["session_date"] <= day + timedelta(days=60)]
    dates = {row["session_code"]: row["session_date"] for row in known}
    rows = []
    for number, row in enumerate(attendance):
        if row["session_code"] not in dates:
            continue
        shown = dict(row)
        if dates[row["session_code"]] >= day and number % 11:
            shown.update(attended="N", outcome=None)
        if (
            number % 23 == 5 and day.month % 2
        ):  # The line is missing from some deliveries, so it vanishes and comes back.
            continue
        rows.append(shown)
    return Delivery(
        "hydra/attendance",
        f"hydra_{day:%Y%m%d}.xlsx",
        {"Sessions": known, "Attendance": rows},
        midnight(day),
        midnight(day) + timedelta(hours=5),
    )


def hydra_files(rng: random.Random, careers: list[Career], diligence: float) -> list[Delivery]:
    """Make the Hydra workbooks: one every three weeks, and more at deadlines and at the end."""
    sessions = _sessions(rng)
    attendance = _attendance(rng, careers, sessions, diligence)
    days = [date(2025, 9, 3) + timedelta(days=21 * number) for number in range(13)]
    days += [date(2025, 12, 30), date(2026, 4, 29), END - timedelta(days=9), END]
    days.append(END - timedelta(days=2))
    files = []
    for day in sorted(set(days)):
        delivery = hydra_file(sessions, attendance, day)
        delivery.style = random_style(rng)
        files.append(delivery)
    return files
