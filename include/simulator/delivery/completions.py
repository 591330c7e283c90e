"""The daily report of the learning management system: the events of the last three days."""

from bisect import bisect_left
from dataclasses import replace
from datetime import date

from simulator.chance import Chance
from simulator.delivery import text
from simulator.delivery.drops import Drop, Export, drops_of
from simulator.delivery.forms import text_form
from simulator.moments import DAY, midnight
from simulator.period import Period
from simulator.training.elearning import LearningEvent

DATASET = "lms/completions"
COLUMNS = (
    "employee_no",
    "course_code",
    "module_code",
    "module_version",
    "status",
    "completed_at",
    "score",
)
EXPORTED_AT = 2.4
OVERLAP = 3 * DAY
REPEATED_SHARE = 0.01  # the probability that the report lists a row twice


def drops(chance: Chance, events: list[LearningEvent], period: Period) -> list[Drop]:
    """Return the reports that can be dropped in a period.

    The force's first report lists all earlier events. Every other report lists those of three days.
    """
    logged = [event.logged_at for event in events]
    found: list[Drop] = []
    for day in period.due_days():
        if day < period.first:
            continue
        first = 0 if day == period.first else bisect_left(logged, midnight(day - OVERLAP))
        reported = events[first : bisect_left(logged, midnight(day))]
        export = _export(chance, day, reported)
        found += drops_of(chance, export, safe=day <= period.first)
    return found


def _export(chance: Chance, day: date, reported: list[LearningEvent]) -> Export:
    name = f"completions_{day:%Y%m%d}.csv"
    form = text_form(chance, DATASET, name)
    if any(event.at_text for event in reported):
        # `at_text` is a local time that the clock skipped. It comes from a terminal that always
        # writes times in one format, whatever the format of the file. The name of the form says
        # that the file has such a time.
        form = replace(form, name=f"{form.name}, a time that did not exist")

    def content() -> bytes:
        rng = chance.stream("repeated", day)
        rows = []
        for event in reported:
            rows.append(_row(event))
            if rng.happens(REPEATED_SHARE):
                rows.append(_row(event))
        return text.render(form, COLUMNS, rows, f"Learning activity – {day:%d/%m/%Y}")

    return Export(DATASET, day, name, EXPORTED_AT, form.name, content)


def _row(event: LearningEvent) -> tuple[text.Cell, ...]:
    at: text.Cell = event.at_text or event.at
    return (
        "" if event.entry_error == "employee_no" else event.employee_no,
        event.course,
        event.module,
        event.version,
        "PASSED" if event.entry_error == "status" else event.status,
        "00/00/0000" if event.entry_error == "completed_at" else at,
        "n/a" if event.entry_error == "score" else event.score,
    )
