"""The Hydra tracker: a weekly workbook with all sessions and bookings."""

from datetime import date

from simulator.chance import Chance
from simulator.delivery import text, workbook
from simulator.delivery.drops import Drop, Export, drops_of
from simulator.delivery.forms import book_form
from simulator.moments import MONDAY
from simulator.period import Period
from simulator.training.hydra import ANNOUNCED_AHEAD, Attendance, Session

DATASET = "hydra/attendance"
SESSION_COLUMNS = ("session_code", "session_date", "venue", "capacity")
ATTENDANCE_COLUMNS = ("session_code", "employee_no", "attended", "outcome")
EXPORTED_AT = 4.6


def drops(
    chance: Chance, sessions: list[Session], attendances: list[Attendance], period: Period
) -> list[Drop]:
    """Return the workbooks that can be dropped in a period."""
    found: list[Drop] = []
    for day in period.due_days():
        if day.weekday() == MONDAY:
            export = _export(chance, sessions, attendances, day)
            found += drops_of(chance, export, safe=day <= period.first)
    return found


def _export(
    chance: Chance, sessions: list[Session], attendances: list[Attendance], day: date
) -> Export:
    name = f"hydra_{day:%Y%m%d}.xlsx"
    form = book_form(chance, DATASET, name)

    def content() -> bytes:
        announced = [
            (session.code, session.day, session.venue, session.capacity)
            for session in sessions
            if session.day - ANNOUNCED_AHEAD < day
        ]
        booked = [row for one in attendances if one.session.day < day for row in _rows(one, day)]
        sheets = {
            "Sessions": workbook.Sheet(SESSION_COLUMNS, announced),
            "Attendance": workbook.Sheet(ATTENDANCE_COLUMNS, booked),
        }
        return workbook.render(form, sheets, f"Hydra sessions – {day:%d/%m/%Y}")

    return Export(DATASET, day, name, EXPORTED_AT, form.name, content)


def _rows(one: Attendance, day: date) -> list[tuple[text.Cell, ...]]:
    attended = "Y" if one.attended else "N"
    outcome = one.outcome if one.outcome_known_on < day else ""
    row = (one.session.code, one.employee_no, attended, outcome)
    if one.entry_error is None or day >= one.entry_error_until:
        return [row]
    if one.entry_error == "attended":
        return [(*row[:2], "Yes" if one.attended else "DNA", outcome)]
    if one.entry_error == "outcome":
        return [(*row[:3], "PASSED")]
    return [row, (*row[:2], "N" if one.attended else "Y", "")]
